/** Turns the tokens of one sequence into text as they come; a character leaves when its last byte is there. */
import type { Detokenizer } from '../served-model.js';

const space = 0x20;

export class ByteDetokenizer implements Detokenizer {
  readonly #tokens: readonly (Uint8Array | undefined)[];
  /** The spaces of the first token that has text are not part of the text. */
  #dropsSpaces: boolean;
  /** Holds back the bytes of an incomplete character; malformed bytes become U+FFFD, never a stall. */
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });

  constructor(
    tokens: readonly (Uint8Array | undefined)[],
    { beginsWithoutSpace = false }: { readonly beginsWithoutSpace?: boolean } = {},
  ) {
    this.#tokens = tokens;
    this.#dropsSpaces = beginsWithoutSpace;
  }

  push(id: number): string {
    const bytes = this.#tokens[id];
    if (bytes === undefined) return '';
    const kept = this.#dropsSpaces ? bytes.filter((byte) => byte !== space) : bytes;
    this.#dropsSpaces = false;
    return this.#decoder.decode(kept, { stream: true });
  }

  flush(): string {
    return this.#decoder.decode();
  }
}
