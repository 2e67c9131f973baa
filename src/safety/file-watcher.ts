/** A settings file that is read again when it changes, while the server runs. */
import { OctavoError } from '../errors.js';

/** Milliseconds between two looks at the file. */
const defaultEveryMs = 1000;

export interface WatchedFile {
  /** Throws `invalid_config` where it cannot be read. */
  readonly read: () => string;
  /** What it says counts from now on. Throws `invalid_config`, naming file and line, and changes nothing then. */
  readonly take: (text: string) => void;
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
  /** What was taken last, good or broken; `null` when the file could not be read. */
  #text: string | null;
  /** What the last look read. */
  #seen: string | null;
  readonly #timer: NodeJS.Timeout;

  /** `text`: what of the file counts already. */
  constructor(text: string, file: WatchedFile, everyMs: number = defaultEveryMs) {
    this.#file = file;
    this.#text = text;
    this.#seen = text;
    this.#timer = setInterval(() => this.check(), everyMs).unref();
  }

  /** Reads the file; each state of it is told once, when two looks have read the same: half of it may be written. */
  check(): void {
    let text: string | null = null;
    try {
      text = this.#file.read();
      if (this.#isNew(text)) this.#file.take(text);
    } catch (error) {
      if (!(error instanceof OctavoError)) throw error;
      if (text !== null || this.#isNew(null)) this.#file.refused(error);
    }
  }

  #isNew(text: string | null): boolean {
    const isSettled = text === this.#seen;
    this.#seen = text;
    if (!isSettled || text === this.#text) return false;
    this.#text = text;
    return true;
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
