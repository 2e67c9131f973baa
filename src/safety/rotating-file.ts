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
 * written. A line that was cut short, by a crash of the machine or a full disk, is closed before the next one.
 */
export class RotatingFile {
  readonly #path: string;
  readonly #rotation: Rotation;
  /** `null` while it is not open: a number that was closed may be somebody else's file by now. */
  #file: number | null = null;
  #isClosed = false;
  #bytes = 0;
  /** The file ends in the middle of a line. */
  #torn = false;

  /** Throws what the file system throws. */
  constructor(path: string, rotation: Rotation) {
    this.#path = path;
    this.#rotation = rotation;
    this.#open();
  }

  /** `lines`: one or several, each with its line feed. Throws what the file system throws, nothing is retried; and once it is closed. */
  append(lines: string): void {
    if (this.#isClosed) throw new Error(`${this.#path} is closed`);
    let file = this.#file ?? this.#open();
    if (this.#bytes > 0 && this.#bytes + Buffer.byteLength(lines) > this.#rotation.maxBytes) file = this.#rotate();
    this.#write(file, this.#torn ? `\n${lines}` : lines);
  }

  /** For good: another process may have the file by then. */
  close(): void {
    this.#isClosed = true;
    this.#release();
  }

  /** The next lines open it again. */
  #release(): void {
    const file = this.#file;
    this.#file = null;
    if (file !== null) closeSync(file);
  }

  #open(): number {
    const file = openSync(this.#path, 'a+', 0o600);
    this.#file = file;
    this.#bytes = fstatSync(file).size;
    this.#torn = this.#bytes > 0 && !endsLine(file, this.#bytes);
    return file;
  }

  #write(file: number, text: string): void {
    const bytes = Buffer.from(text);
    // Until all of it is there.
    this.#torn = true;
    for (let written = 0; written < bytes.length; ) {
      const count = writeSync(file, bytes, written);
      written += count;
      this.#bytes += count;
    }
    this.#torn = false;
  }

  /** Also where it fails the next lines find a file: `append` opens it. */
  #rotate(): number {
    const { keep } = this.#rotation;
    const aside = (index: number) => (index === 0 ? this.#path : `${this.#path}.${index}`);
    this.#release();
    rmSync(aside(keep), { force: true });
    for (let index = keep - 1; index >= 0; index--) {
      if (existsSync(aside(index))) renameSync(aside(index), aside(index + 1));
    }
    return this.#open();
  }
}

function endsLine(file: number, bytes: number): boolean {
  const last = Buffer.alloc(1);
  readSync(file, last, 0, 1, bytes - 1);
  return last[0] === 0x0a;
}
