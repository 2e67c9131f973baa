/** Cuts a text that is still being written into the windows that a classifier reads, by the text alone, never by its pieces. */

/** Code units `[start, end)` of the whole text. Windows overlap; each character is in at least one. */
export interface TextWindow {
  readonly start: number;
  readonly end: number;
  /** That text, after as much of what is before it as the limits ask for. */
  readonly text: string;
}

export interface WindowLimits {
  /** New text of a window: at least so many code units before a sentence may end it, and at most so many without one. */
  readonly shortest: number;
  readonly longest: number;
  /** Code units before it that are read again, from the start of a word on: what a cut went through is seen whole. */
  readonly overlap: number;
  /**
   * Code units before the window that are read with it at most, and belong to earlier windows alone; none when left
   * out. What would be more is forgotten but for a quarter, and not bit by bit: so most windows begin as the one before
   * them does, and a model that keeps the beginnings of its prompts reads little anew.
   */
  readonly before?: number;
}

/**
 * A sentence, or two short ones. 240 + 80 code units of English are about 80 tokens: what the embedded classifier was
 * trained to read at once, and as far as an output is held back at most.
 */
export const defaultWindows: WindowLimits = { shortest: 40, longest: 240, overlap: 80 };

export class TextWindows {
  readonly #limits: WindowLimits;
  /** Text from the start of the next window on, and its offset. */
  #text = '';
  #start = 0;
  /** What is before it, as far as it is read again. */
  #before = '';
  /** Where the new text of the next window begins, in `#text`. */
  #fresh = 0;
  /** Nothing up to there, in `#text`, ends a sentence. */
  #searched = 0;

  constructor(limits: WindowLimits) {
    this.#limits = limits;
  }

  /** No window that is still to come starts before this offset. */
  get settledTo(): number {
    return this.#start;
  }

  /** The windows that this piece completes. */
  push(piece: string): readonly TextWindow[] {
    this.#text += piece;
    const windows: TextWindow[] = [];
    for (let end = this.#segmentEnd(); end !== null; end = this.#segmentEnd()) windows.push(this.#cut(end));
    return windows;
  }

  /** The window of what is left; none where nothing new is. */
  end(): readonly TextWindow[] {
    if (this.#text.length === this.#fresh) {
      this.#start += this.#text.length;
      return [];
    }
    const { length } = this.#text;
    const window = { start: this.#start, end: this.#start + length, text: this.#before + this.#text };
    this.#text = '';
    this.#start += length;
    this.#fresh = 0;
    return [window];
  }

  /** Where the new text of a window ends, in `#text`; `null` while that is not decided. */
  #segmentEnd(): number | null {
    const { shortest, longest } = this.#limits;
    const text = this.#text;
    const last = this.#fresh + longest;
    // Whether a character ends a sentence is known with the one after it.
    const known = Math.min(text.length - 1, last);
    for (let end = Math.max(this.#searched, this.#fresh + shortest); end <= known; end++) {
      if (endsSentence(text, end)) return end;
    }
    if (text.length > last) return wholeCharacters(text, last);
    this.#searched = Math.max(known + 1, 0);
    return null;
  }

  #cut(end: number): TextWindow {
    const text = this.#before + this.#text.slice(0, end);
    const window = { start: this.#start, end: this.#start + end, text };
    const next = wordStart(this.#text, Math.max(0, end - this.#limits.overlap), end);
    this.#before = remembered(this.#before + this.#text.slice(0, next), this.#limits.before ?? 0);
    this.#text = this.#text.slice(next);
    this.#start += next;
    this.#fresh = end - next;
    this.#searched = 0;
    return window;
  }
}

/** The character before `at` ends a sentence or a line. */
function endsSentence(text: string, at: number): boolean {
  const last = text[at - 1] ?? '';
  if ('。！？\n'.includes(last)) return true;
  return '.!?…'.includes(last) && /\s/.test(text[at] ?? '');
}

/** The first start of a word in `[from, to]`; `from` where it is within the text's first word, `to` where none starts. */
function wordStart(text: string, from: number, to: number): number {
  if (from === 0) return 0;
  for (let at = from; at < to; at++) {
    if (/\s/.test(text[at - 1] ?? '') && !/\s/.test(text[at] ?? '')) return at;
  }
  // Scripts without spaces, and words longer than the overlap: any character will do.
  return wholeCharacters(text, from);
}

/** A text of at most `limit` code units; of a longer one the last quarter of the limit, a surrogate pair uncut. */
function remembered(text: string, limit: number): string {
  if (text.length <= limit) return text;
  return text.slice(wholeCharacters(text, text.length - (limit >> 2)));
}

/** `at`, or one less where a surrogate pair would be cut. */
function wholeCharacters(text: string, at: number): number {
  const code = text.charCodeAt(at - 1);
  return code >= 0xd800 && code <= 0xdbff ? at - 1 : at;
}
