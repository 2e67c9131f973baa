/** The tokenizer of a model: short texts are encoded at once, long ones in a worker thread. */
import { Piscina } from 'piscina';
import { OctavoError } from '../../errors.js';
import type { Detokenizer, Tokenizer } from '../served-model.js';
import { ByteDetokenizer } from './detokenizer.js';
import { createEncoder, type EncodeRequest, type EncoderSource } from './encoder.js';
import { readTokenBytes } from './token-bytes.js';

/** About 10 ms of encoding, at half a megabyte a second. */
const longText = 4096;
/** Long texts that may wait for the thread. */
const longTextsWaiting = 64;
/** A normaliser may shorten a text before it is cut into tokens; composing accents at most about this much. */
const normaliserShrinks = 4;

export class ModelTokenizer implements Tokenizer {
  readonly vocabSize: number;
  readonly #encode: (request: EncodeRequest) => number[];
  readonly #pool: Piscina<EncodeRequest, number[]>;
  readonly #tokens: readonly (Uint8Array | undefined)[];
  readonly #charactersPerToken: number;

  /**
   * `vocabSize` is the model's: ids from the tokenizer's end up to it are valid and have no text.
   * Throws `unsupported_model`.
   */
  constructor(source: EncoderSource, vocabSize: number) {
    this.vocabSize = vocabSize;
    // First: it checks what the encoder takes for granted.
    this.#tokens = readTokenBytes(source.tokenizer);
    this.#encode = createEncoder(source);
    const longest = this.#tokens.reduce((max, bytes) => Math.max(max, bytes?.length ?? 0), 1);
    const normalised = 'normalizer' in source.tokenizer && source.tokenizer.normalizer !== null;
    this.#charactersPerToken =
      Math.max(longest, longestSpecial(source.tokenizer)) * (normalised ? normaliserShrinks : 1);
    this.#pool = new Piscina({
      filename: new URL('./encode-worker.js', import.meta.url).href,
      workerData: source,
      minThreads: 0,
      maxThreads: 1,
      // Starting the thread copies the whole vocabulary to it: once is enough.
      idleTimeout: Number.POSITIVE_INFINITY,
    });
  }

  maxCharacters(maxTokens: number): number {
    return maxTokens * this.#charactersPerToken;
  }

  async encode(text: string, { addSpecialTokens }: { readonly addSpecialTokens: boolean }): Promise<readonly number[]> {
    const request = { text, addSpecialTokens };
    return text.length < longText ? this.#encode(request) : this.#encodeInThread(request);
  }

  async #encodeInThread(request: EncodeRequest): Promise<readonly number[]> {
    if (this.#pool.queueSize >= longTextsWaiting) {
      throw new OctavoError('queue_full', `${longTextsWaiting} long prompts wait to be encoded; try again soon.`);
    }
    return this.#pool.run(request);
  }

  decode(ids: readonly number[]): string {
    const detokenizer = this.stream();
    return ids.map((id) => detokenizer.push(id)).join('') + detokenizer.flush();
  }

  stream(): Detokenizer {
    return new ByteDetokenizer(this.#tokens);
  }

  async close(): Promise<void> {
    await this.#pool.close({ force: true });
  }
}

function longestSpecial(tokenizer: object): number {
  const added = 'added_tokens' in tokenizer && Array.isArray(tokenizer.added_tokens) ? tokenizer.added_tokens : [];
  return added.reduce((max: number, { content }: { content?: string }) => Math.max(max, content?.length ?? 0), 1);
}
