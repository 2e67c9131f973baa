/** Text hidden in characters that nobody sees: Unicode tags, and bytes written as variation selectors. */

/** Takes one decoded code point; `[start, end)` are the code units of the text that hide it. */
export type TakeHidden = (code: number, start: number, end: number) => void;

/** The letter that a tag stands for (U+E0020 … U+E007E), or `null`. */
export function taggedCode(code: number): number | null {
  return code >= 0xe0020 && code <= 0xe007e ? code - 0xe0000 : null;
}

/** The byte that a variation selector stands for: VS1 … VS16 are 0 … 15, VS17 … VS256 are 16 … 255; or `null`. */
export function selectedByte(code: number): number | null {
  if (code >= 0xfe00 && code <= 0xfe0f) return code - 0xfe00;
  return code >= 0xe0100 && code <= 0xe01ef ? code - 0xe0100 + 16 : null;
}

/** Puts bytes together to code points (UTF-8); what is no UTF-8 is left out. */
export class HiddenBytes {
  readonly #take: TakeHidden;
  #code = 0;
  #missing = 0;
  #start = 0;

  constructor(take: TakeHidden) {
    this.#take = take;
  }

  /** Offset of a character of which bytes are still missing, or `Infinity`. */
  get pendingFrom(): number {
    return this.#missing > 0 ? this.#start : Number.POSITIVE_INFINITY;
  }

  read(byte: number, start: number, end: number): void {
    const isContinuation = byte >= 0x80 && byte < 0xc0;
    if (this.#missing > 0 && isContinuation) {
      this.#code = this.#code * 64 + (byte & 0x3f);
      this.#missing -= 1;
      if (this.#missing === 0 && this.#code <= 0x10ffff) this.#take(this.#code, this.#start, end);
      return;
    }
    this.#missing = byte < 0xc0 || byte >= 0xf8 ? 0 : byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
    this.#code = byte & (0x3f >> this.#missing);
    this.#start = start;
    if (byte < 0x80) this.#take(byte, start, end);
  }
}
