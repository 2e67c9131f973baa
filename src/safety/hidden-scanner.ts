/** Reads the text that is hidden in tags and variation selectors, and lets the rules look for their matches in it. */
import { foldedCharacters } from './characters.js';
import { HiddenBytes, selectedByte, taggedCode } from './hidden-text.js';
import type { Scanner } from './scanner.js';

const firstPrintable = 0x20;

/**
 * A hidden text ends at the first character that can be seen; tags and variation selectors hide a text each. The
 * scanners for it are made when it begins, which plain text and emoji never do.
 */
export class HiddenScanner implements Scanner {
  readonly #tags: HiddenText;
  readonly #selectors: HiddenText;
  readonly #bytes: HiddenBytes;

  constructor(makeScanners: () => readonly Scanner[]) {
    this.#tags = new HiddenText(makeScanners);
    this.#selectors = new HiddenText(makeScanners);
    this.#bytes = new HiddenBytes((code, start, end) => this.#selectors.read(code, start, end));
  }

  get liveFrom(): number {
    return Math.min(this.#tags.liveFrom, this.#selectors.liveFrom, this.#bytes.pendingFrom);
  }

  get steps(): number {
    return this.#tags.steps + this.#selectors.steps;
  }

  read(code: number, start: number, end: number): void {
    const tagged = taggedCode(code);
    const byte = selectedByte(code);
    if (tagged !== null) this.#tags.read(tagged, start, end);
    else if (byte !== null) this.#bytes.read(byte, start, end);
    else if (this.#isOpen && foldedCharacters(code).length > 0) this.end();
  }

  end(): void {
    this.#tags.end();
    this.#selectors.end();
    // Bytes that still wait for others are no character.
    this.#bytes.read(0, 0, 0);
  }

  get #isOpen(): boolean {
    return this.#tags.isOpen || this.#selectors.isOpen || this.#bytes.pendingFrom < Number.POSITIVE_INFINITY;
  }
}

/** One hidden text: open from its first printable character to its end. */
class HiddenText {
  readonly #makeScanners: () => readonly Scanner[];
  #scanners: readonly Scanner[] = [];
  #end = 0;
  #steps = 0;

  constructor(makeScanners: () => readonly Scanner[]) {
    this.#makeScanners = makeScanners;
  }

  get isOpen(): boolean {
    return this.#scanners.length > 0;
  }

  get liveFrom(): number {
    return Math.min(Number.POSITIVE_INFINITY, ...this.#scanners.map(({ liveFrom }) => liveFrom));
  }

  get steps(): number {
    return this.#scanners.reduce((sum, { steps }) => sum + steps, this.#steps);
  }

  read(code: number, start: number, end: number): void {
    if (!this.isOpen) {
      if (code < firstPrintable) return;
      this.#scanners = this.#makeScanners();
    }
    for (const scanner of this.#scanners) scanner.read(code, start, end);
    this.#end = end;
  }

  end(): void {
    for (const scanner of this.#scanners) scanner.end(this.#end);
    this.#steps = this.steps;
    this.#scanners = [];
  }
}
