/** Text to token ids without holding up the main thread: short texts at once, long ones in a worker thread. */
import { Piscina } from 'piscina';
import { OctavoError } from '../../errors.js';
import { createEncoder, type EncodeRequest, type EncoderSource } from './encoder.js';

/** About 10 ms of encoding, at half a megabyte a second. */
const longText = 4096;
/** Long texts that may wait for the thread. */
const longTextsWaiting = 64;

export class TextEncoding {
  readonly #encode: (request: EncodeRequest) => number[];
  readonly #pool: Piscina<EncodeRequest, number[]>;

  /** Throws `unsupported_model`. */
  constructor(source: EncoderSource) {
    this.#encode = createEncoder(source);
    this.#pool = new Piscina({
      filename: new URL('./encode-worker.js', import.meta.url).href,
      workerData: source,
      minThreads: 0,
      maxThreads: 1,
      // Starting the thread copies the whole vocabulary to it: once is enough.
      idleTimeout: Number.POSITIVE_INFINITY,
    });
  }

  /** Throws `queue_full` when too many long texts wait. */
  async encode(request: EncodeRequest): Promise<readonly number[]> {
    if (request.text.length < longText) return this.encodeNow(request);
    if (this.#pool.queueSize >= longTextsWaiting) {
      throw new OctavoError('queue_full', `${longTextsWaiting} long prompts wait to be encoded; try again soon.`);
    }
    return this.#pool.run(request);
  }

  /** In this thread: for short texts. */
  encodeNow(request: EncodeRequest): readonly number[] {
    return this.#encode(request);
  }

  async close(): Promise<void> {
    await this.#pool.close({ force: true });
  }
}
