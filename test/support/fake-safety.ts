/** A safety filter of two words: FORBIDDEN blocks, SECRET is redacted; it holds back the word that is being written. */
import { createSafety } from '#octavo/safety/filter.js';
import type { Progress, Screen, ScreenSpan, TextScreen } from '#octavo/safety/screen.js';

const words = [
  { word: 'FORBIDDEN', rule: 'forbidden', action: 'block' },
  { word: 'SECRET', rule: 'secret', action: 'redact' },
] as const;

const wordScreen: Screen = {
  name: 'words',
  categories: ['test'],
  open: () => new WordText(),
  score: (texts) => texts.map((text) => new Map(find(text, 0).map(({ category, score }) => [category, score]))),
};

export const fakeSafety = createSafety([wordScreen]);

class WordText implements TextScreen {
  #text = '';
  #settledTo = 0;

  read(piece: string): Progress {
    this.#text += piece;
    return this.#settle(this.#text.lastIndexOf(' ') + 1);
  }

  end(): Progress {
    return this.#settle(this.#text.length);
  }

  #settle(to: number): Progress {
    const spans = find(this.#text.slice(this.#settledTo, to), this.#settledTo);
    this.#settledTo = to;
    return { spans, settledTo: to };
  }
}

function find(text: string, offset: number): ScreenSpan[] {
  return words.flatMap(({ word, rule, action }, rank) =>
    Array.from(text.matchAll(new RegExp(word, 'g')), ({ index }) => ({
      start: offset + index,
      end: offset + index + word.length,
      ...{ rule, category: 'test', score: 1, action, replacement: '[redacted]', rank },
    })),
  );
}
