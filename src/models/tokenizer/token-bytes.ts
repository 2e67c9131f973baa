/** What each token stands for, in bytes of UTF-8: detokenizing is then joining bytes, whole or streamed. */
import { z } from 'zod';
import { OctavoError } from '../../errors.js';

/** The parts of tokenizer.json that detokenizing needs. */
const tokenizerSchema = z.object({
  model: z.object({ vocab: z.record(z.string(), z.int().nonnegative()) }),
  added_tokens: z.array(z.object({ id: z.int().nonnegative(), content: z.string(), special: z.boolean() })).default([]),
  decoder: z.object({ type: z.string(), decoders: z.array(z.object({ type: z.string() })).optional() }).nullish(),
});

/**
 * Bytes of each token id; `undefined` for special tokens and unused ids, which have no text.
 * Throws `unsupported_model` for a vocabulary that is not a table of tokens (Unigram's is a list), and for a decoder
 * other than ByteLevel and the SentencePiece kinds.
 */
export function readTokenBytes(tokenizerJson: unknown): (Uint8Array | undefined)[] {
  const result = tokenizerSchema.safeParse(tokenizerJson);
  if (!result.success) {
    throw new OctavoError('unsupported_model', `tokenizer.json cannot be used: ${z.prettifyError(result.error)}.`);
  }
  const tokenizer = result.data;
  const toBytes = chooseDecoder(tokenizer.decoder);
  const table: (Uint8Array | undefined)[] = [];
  for (const [token, id] of Object.entries(tokenizer.model.vocab)) table[id] = toBytes(token);
  for (const { id, content, special } of tokenizer.added_tokens) {
    table[id] = special ? undefined : new TextEncoder().encode(content);
  }
  return table;
}

type ToBytes = (token: string) => Uint8Array;

function chooseDecoder(decoder: z.infer<typeof tokenizerSchema>['decoder']): ToBytes {
  const kinds = [decoder?.type, ...(decoder?.decoders ?? []).map(({ type }) => type)];
  if (kinds.includes('ByteLevel')) return byteLevel();
  if (kinds.includes('ByteFallback') || kinds.includes('Metaspace')) return sentencePiece;
  throw new OctavoError(
    'unsupported_model',
    `The tokenizer's decoder is ${decoder?.type ?? 'missing'}; supported are ByteLevel, Metaspace and ByteFallback.`,
  );
}

/** SentencePiece: `<0x0A>` is a byte, `▁` is a space. */
function sentencePiece(token: string): Uint8Array {
  const byte = /^<0x([0-9A-F]{2})>$/.exec(token);
  if (byte) return Uint8Array.of(Number.parseInt(byte[1] ?? '', 16));
  return new TextEncoder().encode(token.replaceAll('▁', ' '));
}

/** GPT-2's reversible bytes: printable ones stand for themselves, the others for the characters from U+0100 on, in order. */
function byteLevel(): ToBytes {
  const bytes = new Map<string, number>();
  const printable = (byte: number) => (byte >= 33 && byte <= 126) || (byte >= 161 && byte !== 173);
  let next = 256;
  for (let byte = 0; byte < 256; byte++) bytes.set(String.fromCodePoint(printable(byte) ? byte : next++), byte);
  return (token) => Uint8Array.from(Array.from(token), (character) => bytes.get(character) ?? 0x3f);
}
