/** A file that lines are appended to, and that is put aside when it is full. */
import { closeSync, existsSync, fstatSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs';

export interface Rotation {
  /** Bytes at which the file is put aside; a line that is longer has a file of its own. */
  readonly maxBytes: number;
  /** Files put aside that are kept: `file.1` is the newest. */
  readonly keep: number;
}

/**
 * Writes whole lines, each write in one call of the system, so that the end of the process loses none that was
 * written. A last line that a crash of the machine cut short is closed before the next one.
 */
export class RotatingFile {
  readonly #path: string;
  readonly #rotation: Rotation;
  #file: number;
  #bytes: number;

  /** Throws what the file system throws. */
  constructor(path: string, rotation: Rotation) {
    this.#path = path;
    this.#rotation = rotation;
    this.#file = openSync(path, 'a+', 0o600);
    this.#bytes = fstatSync(this.#file).size;
    if (this.#bytes > 0 && !this.#endsLine()) this.#write('\n');
  }

  /** `lines`: one or several, each with its line feed. Throws what the file system throws; nothing is retried. */
  append(lines: string): void {
    if (this.#bytes > 0 && this.#bytes + Buffer.byteLength(lines) > this.#rotation.maxBytes) this.#rotate();
    this.#write(lines);
  }

  close(): void {
    closeSync(this.#file);
  }

  #write(text: string): void {
    const bytes = Buffer.from(text);
    for (let written = 0; written < bytes.length; ) {
      const count = writeSync(this.#file, bytes, written);
      written += count;
      this.#bytes += count;
    }
  }

  #rotate(): void {
    const { keep } = this.#rotation;
    const aside = (index: number) => (index === 0 ? this.#path : `${this.#path}.${index}`);
    closeSync(this.#file);
    try {
      rmSync(aside(keep), { force: true });
      for (let index = keep - 1; index >= 0; index--) {
        if (existsSync(aside(index))) renameSync(aside(index), aside(index + 1));
      }
    } finally {
      // Also where renaming failed: the lines are worth more than the bound.
      this.#file = openSync(this.#path, 'a+', 0o600);
      this.#bytes = fstatSync(this.#file).size;
    }
  }

  #endsLine(): boolean {
    const last = Buffer.alloc(1);
    readSync(this.#file, last, 0, 1, this.#bytes - 1);
    return last[0] === 0x0a;
  }
}
