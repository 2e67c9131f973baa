/** From what the caller wrote to the token ids that an encoder reads: encoded, bounded, cut where the caller wants it. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { OctavoError } from '../errors.js';
import type { ServedEncoder } from '../models/served-model.js';
import { checkCharacters, checkIds, type WrittenPrompt } from './prompt.js';

interface InputSettings {
  readonly model: ServedEncoder;
  /** Tokens that a text is cut to, -1 for the model's context; `undefined`: a longer text is refused. */
  readonly truncate: number | undefined;
  readonly signal: AbortSignal;
}

/**
 * Token ids of each text, special tokens included; ids that the caller gave are taken as they are.
 * Throws `context_length_exceeded`, `invalid_value`, `queue_full`, or the signal's reason.
 */
export async function encodeTexts(
  texts: readonly WrittenPrompt[],
  { model, truncate, signal }: InputSettings,
): Promise<(readonly number[])[]> {
  const read = truncate === undefined ? refuseLonger(model) : cutLonger(model, truncate);
  const encoded: (readonly number[])[] = [];
  for (const [index, text] of texts.entries()) {
    encoded.push(await read(text, texts.length > 1 ? `input[${index}]` : 'input'));
    // Short texts are encoded at once: the engine and other requests have their turn between them.
    if (texts.length > 1) await nextTurn();
    // The caller may have left, or the deadline passed, while the tokenizer worked.
    signal.throwIfAborted();
  }
  return encoded;
}

type ReadText = (text: WrittenPrompt, field: string) => Promise<readonly number[]>;

function refuseLonger(model: ServedEncoder): ReadText {
  return async (text, field) => {
    if (text.kind === 'text') checkCharacters(text.text.length, model, field);
    const ids = await toIds(text, model, field);
    if (ids.length <= model.contextLength) return ids;
    const message = `The context of this model is ${model.contextLength} tokens, but '${field}' has ${ids.length}; 'truncate_prompt_tokens' cuts it.`;
    throw new OctavoError('context_length_exceeded', message, field);
  };
}

function cutLonger(model: ServedEncoder, truncate: number): ReadText {
  const { tokenizer, contextLength } = model;
  const length = truncate === -1 ? contextLength : truncate;
  if (length < tokenizer.minTokens || length > contextLength) {
    const message = `'truncate_prompt_tokens' is ${truncate}: for this model it is ${tokenizer.minTokens} to ${contextLength}, or -1.`;
    throw new OctavoError('invalid_value', message, 'truncate_prompt_tokens');
  }
  // What lies beyond cannot reach the tokens that stay, and costs no time.
  const characters = tokenizer.maxCharacters(length);
  const shorten = (text: WrittenPrompt): WrittenPrompt =>
    text.kind === 'text' ? { kind: 'text', text: text.text.slice(0, characters) } : text;
  return async (text, field) => tokenizer.cut(await toIds(shorten(text), model, field), length);
}

async function toIds(text: WrittenPrompt, { tokenizer }: ServedEncoder, field: string): Promise<readonly number[]> {
  if (text.kind === 'ids') return checkIds(text.ids, tokenizer, field);
  if (text.text === '') throw new OctavoError('invalid_value', `'${field}' is an empty text.`, field);
  // The tokenizer of an export may know more tokens than its model.
  return checkIds(await tokenizer.encode(text.text, { addSpecialTokens: true }), tokenizer, field);
}
