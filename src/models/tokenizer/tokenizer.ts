/** The tokenizer of a model that generates: text to tokens and back. */
import type { Detokenizer, Tokenizer } from '../served-model.js';
import { charactersPerToken } from './characters-per-token.js';
import { ByteDetokenizer } from './detokenizer.js';
import type { EncoderSource } from './encoder.js';
import { TextEncoding } from './text-encoding.js';
import { beginsWithoutSpace, readTokenBytes } from './token-bytes.js';

export class ModelTokenizer implements Tokenizer {
  readonly vocabSize: number;
  readonly #encoding: TextEncoding;
  readonly #tokens: readonly (Uint8Array | undefined)[];
  readonly #charactersPerToken: number;
  readonly #beginsWithoutSpace: boolean;

  /**
   * `vocabSize` is the model's: ids from the tokenizer's end up to it are valid and have no text. `ownTexts`: what is
   * decoded is a text by itself, not the continuation of another. Throws `unsupported_model`.
   */
  constructor(source: EncoderSource, vocabSize: number, { ownTexts = false }: { readonly ownTexts?: boolean } = {}) {
    this.vocabSize = vocabSize;
    // First: it checks what the encoder takes for granted.
    this.#tokens = readTokenBytes(source.tokenizer);
    this.#beginsWithoutSpace = ownTexts && beginsWithoutSpace(source.tokenizer);
    this.#encoding = new TextEncoding(source);
    const longest = this.#tokens.reduce((max, bytes) => Math.max(max, bytes?.length ?? 0), 1);
    this.#charactersPerToken = charactersPerToken(source.tokenizer, longest);
  }

  maxCharacters(maxTokens: number): number {
    return maxTokens * this.#charactersPerToken;
  }

  encode(text: string, { addSpecialTokens }: { readonly addSpecialTokens: boolean }): Promise<readonly number[]> {
    return this.#encoding.encode({ text, addSpecialTokens });
  }

  decode(ids: readonly number[]): string {
    const detokenizer = this.stream();
    return ids.map((id) => detokenizer.push(id)).join('') + detokenizer.flush();
  }

  stream(): Detokenizer {
    return new ByteDetokenizer(this.#tokens, { beginsWithoutSpace: this.#beginsWithoutSpace });
  }

  async close(): Promise<void> {
    await this.#encoding.close();
  }
}
