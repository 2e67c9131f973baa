/** Windows follow from the text alone, leave no character out, and never grow beyond their bound. */
import { describe, expect, test } from 'vitest';
import { type TextWindow, TextWindows, type WindowLimits } from '#octavo/safety/text-windows.js';
import { Random } from '../support/random.js';

const limits: WindowLimits = { shortest: 10, longest: 30, overlap: 12 };

function cut(pieces: readonly string[], by = limits): { windows: TextWindow[]; settled: number[] } {
  const windows = new TextWindows(by);
  const all: TextWindow[] = [];
  const settled: number[] = [];
  for (const piece of pieces) {
    all.push(...windows.push(piece));
    settled.push(windows.settledTo);
  }
  all.push(...windows.end());
  return { windows: all, settled: [...settled, windows.settledTo] };
}

const texts = (pieces: readonly string[]) => cut(pieces).windows.map(({ text }) => text);

describe('windows of a text', () => {
  test('end with a sentence, and begin with the last words before it', () => {
    expect(texts(['The first one ends. The second ends too! And the rest'])).toEqual([
      'The first one ends.',
      'one ends. The second ends too!',
      'ends too! And the rest',
    ]);
  });

  test('a point within a number or a name ends nothing, a line does', () => {
    expect(texts(['It costs 3.50 at a.example today, or some more\nnothing at all'])).toEqual([
      'It costs 3.50 at a.example tod',
      'today, or some more\n',
      'some more\nnothing at all',
    ]);
  });

  test('scripts without spaces are cut after their own full stop, and anywhere when there is none', () => {
    expect(texts(['今日はとても良い天気です。明日も晴れるでしょう。'])[0]).toBe('今日はとても良い天気です。');
    expect(texts(['字'.repeat(70)]).map(({ length }) => length)).toEqual([30, 42, 22]);
  });

  test('no surrogate pair is cut', () => {
    for (const { text } of cut([`a${'😀'.repeat(100)}`]).windows) expect(Buffer.from(text).toString()).toBe(text);
  });

  test('are read after what was there before them, which is forgotten in bulk', () => {
    const sentences = Array.from({ length: 12 }, (_, index) => `Sentence ${index}. `);
    const text = sentences.join('');
    const plain = cut([text]).windows;
    const { windows } = cut([text], { ...limits, before: 60 });
    expect(windows.map(({ start, end }) => [start, end])).toEqual(plain.map(({ start, end }) => [start, end]));
    const befores = windows.map((window) => window.text.length - (window.end - window.start));
    for (const [index, { end, text: read }] of windows.entries())
      expect(text.slice(0, end).endsWith(read), `${index}`).toBe(true);
    expect(Math.max(...befores)).toBeLessThanOrEqual(60);
    expect(befores.filter((before, index) => index > 0 && before < befores[index - 1]!)).not.toHaveLength(0);
    const grown = windows.filter((window, index) => index > 0 && window.text.startsWith(windows[index - 1]!.text));
    expect(grown.length).toBeGreaterThan(windows.length / 2);
    const pair = cut([`a${'😀'.repeat(100)}`], { ...limits, before: 60 }).windows;
    for (const window of pair) expect(Buffer.from(window.text).toString()).toBe(window.text);
  });

  test('an empty text has none, and a text that ends with a window has no second one', () => {
    expect(texts([''])).toEqual([]);
    expect(texts(['x'.repeat(20)])).toEqual(['x'.repeat(20)]);
  });

  test('whatever the pieces, they are the same, cover everything, and settle it in order', () => {
    const random = new Random(7);
    const alphabet = ['a', 'b', 'c', ' ', ' ', '.', '. ', '\n', '! ', '。', '😀', 'word '];
    for (let round = 0; round < 300; round++) {
      const pieces = Array.from({ length: random.between(1, 80) }, () => random.pick(alphabet));
      const text = pieces.join('');
      const { windows, settled } = cut(pieces);
      expect(windows).toEqual(cut([text]).windows);
      expect(windows).toEqual(cut(text.split('')).windows);
      expect(settled).toEqual(settled.toSorted((a, b) => a - b));
      expect(settled.at(-1)).toBe(text.length);
      let covered = 0;
      for (const { start, end, text: read } of windows) {
        expect(read).toBe(text.slice(start, end));
        expect(start).toBeLessThanOrEqual(covered);
        expect(end).toBeGreaterThan(covered);
        expect(end - start).toBeLessThanOrEqual(limits.longest + limits.overlap);
        covered = end;
      }
      expect(covered).toBe(text.length);
    }
  });
});
