/** The tokenizer of an encoder: text to tokens, never back, so any vocabulary will do (WordPiece, Unigram, BPE). */
import { z } from 'zod';
import { invariant, OctavoError } from '../../errors.js';
import { describeFaults } from '../../validation-issue.js';
import type { CuttingTokenizer } from '../served-model.js';
import { charactersPerToken } from './characters-per-token.js';
import type { EncoderSource } from './encoder.js';
import { TextEncoding } from './text-encoding.js';

/** The parts of tokenizer.json that the bound on characters needs; Unigram's vocabulary is a list of tokens with scores. */
const tokenizerSchema = z.object({
  model: z.object({
    vocab: z.union([
      z.record(z.string(), z.int().nonnegative()).transform((table) => Object.keys(table)),
      z.array(z.tuple([z.string(), z.number()])).transform((entries) => entries.map(([token]) => token)),
    ]),
    /** WordPiece takes a word up to this long for one unknown token. */
    max_input_chars_per_word: z.int().positive().max(1024).default(1),
  }),
});

export class EncoderTokenizer implements CuttingTokenizer {
  readonly vocabSize: number;
  readonly minTokens: number;
  readonly #encoding: TextEncoding;
  readonly #charactersPerToken: number;
  /** The special tokens that end a text. */
  readonly #ending: readonly number[];

  /** `vocabSize` is the model's: ids are below it. Throws `unsupported_model`. */
  constructor(source: EncoderSource, vocabSize: number) {
    this.vocabSize = vocabSize;
    const result = tokenizerSchema.safeParse(source.tokenizer);
    if (!result.success) {
      throw new OctavoError('unsupported_model', `tokenizer.json cannot be used: ${describeFaults(result.error)}.`);
    }
    const { vocab, max_input_chars_per_word: longestWord } = result.data.model;
    const longest = vocab.reduce((max, token) => Math.max(max, token.length), longestWord);
    this.#charactersPerToken = charactersPerToken(source.tokenizer, longest);
    this.#encoding = new TextEncoding(source);
    const { before, ending } = specialTokens(this.#encoding);
    this.#ending = ending;
    this.minTokens = before + ending.length + 1;
  }

  maxCharacters(maxTokens: number): number {
    return maxTokens * this.#charactersPerToken;
  }

  encode(text: string, { addSpecialTokens }: { readonly addSpecialTokens: boolean }): Promise<readonly number[]> {
    return this.#encoding.encode({ text, addSpecialTokens });
  }

  cut(ids: readonly number[], length: number): readonly number[] {
    invariant(length >= this.minTokens, 'what is left of a text has a token of it');
    if (ids.length <= length) return ids;
    const ended = this.#ending.every((id, at) => ids[ids.length - this.#ending.length + at] === id);
    return ended ? [...ids.slice(0, length - this.#ending.length), ...this.#ending] : ids.slice(0, length);
  }

  async close(): Promise<void> {
    await this.#encoding.close();
  }
}

/** How many special tokens stand before a text, and which ones end it: seen on a short text with and without them. */
function specialTokens(encoding: TextEncoding): { readonly before: number; readonly ending: readonly number[] } {
  const text = 'a';
  const bare = encoding.encodeNow({ text, addSpecialTokens: false });
  const framed = encoding.encodeNow({ text, addSpecialTokens: true });
  const before = framed.findIndex((_, start) => bare.every((id, at) => framed[start + at] === id));
  if (before < 0) return { before: 0, ending: [] };
  return { before, ending: framed.slice(before + bare.length) };
}
