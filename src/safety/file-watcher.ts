/** A settings file that is read again when it changes, while the server runs. */
import { OctavoError } from '../errors.js';

/** Milliseconds between two looks at the file. */
const defaultEveryMs = 1000;

export interface WatchedFile {
  /** Throws `invalid_config` where it cannot be read. */
  readonly read: () => string;
  /** What it says counts from now on. Throws `invalid_config`, naming file and line, and changes nothing then. */
  readonly take: (text: string) => void;
  /** What else `take` judges the text by: one that was refused is tried again when that has changed. */
  readonly basis?: () => string;
  /** It has changed, and is broken or gone: what it said before stays. */
  readonly refused: (error: OctavoError) => void;
}

/** Who is told of changes. */
export interface FileReport {
  /** The file has changed, and so many entries of it count from now on. */
  read(file: string, entries: number): void;
  /** The file has changed, and is broken or gone: the old entries stay. The message names file and line. */
  refused(error: OctavoError): void;
}

/**
 * The file is read by its name again and again: it is small, and may be replaced by another (as editors do), mounted or
 * linked, of which no notification tells everywhere.
 */
export class FileWatcher {
  readonly #file: WatchedFile;
  /** What counts; `undefined` while the file was refused since, so that what comes after is told, also where it is the same. */
  #taken: string | undefined;
  /** What was refused since, with its basis. */
  #refused: string | undefined;
  /** What the last look read; `null` when the file could not be read. */
  #seen: string | null;
  #timer: NodeJS.Timeout | undefined;

  /** `text`: what of the file counts already. */
  constructor(text: string, file: WatchedFile) {
    this.#file = file;
    this.#taken = text;
    this.#seen = text;
  }

  /** Looks again and again, until `close`. */
  start(everyMs: number = defaultEveryMs): void {
    this.#timer = setInterval(() => this.check(), everyMs).unref();
  }

  /** Reads the file; each state of it is told once, when two looks have read the same: half of it may be written. */
  check(): void {
    let text: string | null = null;
    try {
      text = this.#file.read();
      if (!this.#isNew(text)) return;
      this.#file.take(text);
      this.#taken = text;
      this.#refused = undefined;
    } catch (error) {
      if (!(error instanceof OctavoError)) throw error;
      if (text === null && !this.#isNew(null)) return;
      this.#taken = undefined;
      this.#refused = this.#state(text);
      this.#file.refused(error);
    }
  }

  #isNew(text: string | null): boolean {
    const isSettled = text === this.#seen;
    this.#seen = text;
    return isSettled && text !== this.#taken && this.#state(text) !== this.#refused;
  }

  #state(text: string | null): string {
    return JSON.stringify(text === null ? null : [text, this.#file.basis?.()]);
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
