/** How much text one token may stand for: a cheap bound for texts that nobody has encoded yet. */

/** A normaliser may shorten a text before it is cut into tokens; composing accents at most about this much. */
const normaliserShrinks = 4;

/** Characters of one token at most; `longest` is what the vocabulary's longest entry stands for. */
export function charactersPerToken(tokenizer: object, longest: number): number {
  const normalised = 'normalizer' in tokenizer && tokenizer.normalizer !== null;
  return Math.max(longest, longestSpecial(tokenizer)) * (normalised ? normaliserShrinks : 1);
}

function longestSpecial(tokenizer: object): number {
  const added = 'added_tokens' in tokenizer && Array.isArray(tokenizer.added_tokens) ? tokenizer.added_tokens : [];
  return added.reduce((max: number, { content }: { content?: string }) => Math.max(max, content?.length ?? 0), 1);
}
