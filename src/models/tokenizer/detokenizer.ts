/** Turns the tokens of one sequence into text as they come; a character leaves when its last byte is there. */
import type { Detokenizer } from '../served-model.js';

export class ByteDetokenizer implements Detokenizer {
  readonly #tokens: readonly (Uint8Array | undefined)[];
  /** Holds back the bytes of an incomplete character; malformed bytes become U+FFFD, never a stall. */
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });

  constructor(tokens: readonly (Uint8Array | undefined)[]) {
    this.#tokens = tokens;
  }

  push(id: number): string {
    const bytes = this.#tokens[id];
    return bytes === undefined ? '' : this.#decoder.decode(bytes, { stream: true });
  }

  flush(): string {
    return this.#decoder.decode();
  }
}
