/** What each token stands for, in bytes of UTF-8: detokenizing is then joining bytes, whole or streamed. */
import { z } from 'zod';
import { OctavoError } from '../../errors.js';
import { describeFaults } from '../../validation-issue.js';

/** An id is a place in a table: a huge one would make it huge. */
const tokenId = z
  .int()
  .nonnegative()
  .max(1 << 22);

const decoderSchema = z.object({ type: z.string(), prepend_scheme: z.string().optional() });

/** The parts of tokenizer.json that detokenizing needs. */
const tokenizerSchema = z.object({
  model: z.object({
    vocab: z.union([
      z.record(z.string(), tokenId).transform((table) => Object.entries(table)),
      // Unigram's is a list of tokens with scores; the places are the ids.
      z
        .array(z.tuple([z.string(), z.number()]))
        .transform((entries) => entries.map(([token], id): [string, number] => [token, id])),
    ]),
  }),
  added_tokens: z.array(z.object({ id: tokenId, content: z.string(), special: z.boolean() })).default([]),
  decoder: decoderSchema.extend({ decoders: z.array(decoderSchema).optional() }).nullish(),
});

/**
 * Bytes of each token id; `undefined` for special tokens and unused ids, which have no text.
 * Throws `unsupported_model` for a vocabulary that is neither a table nor a list of tokens, and for a decoder other than
 * ByteLevel and the SentencePiece kinds.
 */
export function readTokenBytes(tokenizerJson: unknown): (Uint8Array | undefined)[] {
  const tokenizer = readTokenizer(tokenizerJson);
  const toBytes = chooseDecoder(tokenizer.decoder);
  const table: (Uint8Array | undefined)[] = [];
  for (const [token, id] of tokenizer.model.vocab) table[id] = toBytes(token);
  for (const { id, content, special } of tokenizer.added_tokens) {
    table[id] = special ? undefined : new TextEncoder().encode(content);
  }
  return table;
}

/**
 * Whether a text by itself begins without the spaces of its first token: the tokenizer puts one there before it encodes.
 * Throws as `readTokenBytes`.
 */
export function beginsWithoutSpace(tokenizerJson: unknown): boolean {
  const { decoder } = readTokenizer(tokenizerJson);
  const kinds = decoder ? [decoder, ...(decoder.decoders ?? [])] : [];
  return kinds.some(({ type, prepend_scheme: scheme }) => type === 'Metaspace' && scheme !== 'never');
}

function readTokenizer(tokenizerJson: unknown): z.infer<typeof tokenizerSchema> {
  const result = tokenizerSchema.safeParse(tokenizerJson);
  if (result.success) return result.data;
  throw new OctavoError('unsupported_model', `tokenizer.json cannot be used: ${describeFaults(result.error)}.`);
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
