import { describe, expect, test } from 'vitest';
import { Normalizer, normalTerm, wordBoundary } from '#octavo/safety/normalizer.js';

/** The normal form with `|` for a boundary. */
function normal(text: string): string {
  let form = '';
  const normalizer = new Normalizer(({ code }) => {
    form += code === wordBoundary ? '|' : String.fromCodePoint(code);
  });
  let at = 0;
  for (const character of text) {
    normalizer.read(character.codePointAt(0)!, at, at + character.length);
    at += character.length;
  }
  normalizer.end(at);
  return form;
}

/** Each character of the normal form with the original text it comes from. */
function origins(text: string): [string, string][] {
  const found: [string, string][] = [];
  const normalizer = new Normalizer(({ code }, start, end) => {
    if (code !== wordBoundary) found.push([String.fromCodePoint(code), text.slice(start, end)]);
  });
  let at = 0;
  for (const character of text) {
    normalizer.read(character.codePointAt(0)!, at, at + character.length);
    at += character.length;
  }
  normalizer.end(at);
  return found;
}

describe('the normal form', () => {
  test.each([
    ['case', 'HeLLo', '|hello|'],
    ['white space of any kind and length is one space', 'a \t\n\u00a0\u3000b', '|a| |b|'],
    ['full width and mathematical letters', 'Ａ𝐛ℭ', '|abc|'],
    ['ligatures and sharp s', 'ﬁnß STRAẞE', '|finss| |strasse|'],
    ['zero-width, soft hyphen, bidi, variation selector, tag', 'a\u200bb\u00adc\u202ed\ufe0fe\u{e0041}', '|abcde|'],
    ['final sigma is a sigma', 'ΣΑΣ σας', '|σασ| |σασ|'],
    ['punctuation has boundaries on both sides', "don't", "|don|'|t|"],
    ['digits join letters', 'a1b', '|a1b|'],
    ['each Han, Kana and Thai character stands alone', '漢字カナไทย', '|漢|字|カ|ナ|ไ|ท|ย|'],
    ['a mark never stands alone', 'e\u0301x が', '|e\u0301x| |か\u3099|'],
    ['a Hangul syllable is one character, composed or not', '각가', '|\u1100\u1161\u11a8|\u1100\u1161|'],
    ['nothing', '', '|'],
  ])('%s', (_name, text, expected) => {
    expect(normal(text)).toBe(expected);
  });

  test('canonically equal texts have one form, also where marks come in another order', () => {
    expect(normal('e\u0323\u0301')).toBe(normal('e\u0301\u0323'));
    expect(normal('e\u0301\u200b\u0323')).toBe(normal('\u1eb9\u0301'));
  });

  test('every code point has the form of its compositions and decompositions, and the form of that form', () => {
    const wrong: string[] = [];
    for (let code = 0; code <= 0x2fa1f; code++) {
      const isSurrogate = code >= 0xd800 && code <= 0xdfff;
      const isPlainIdeograph = (code >= 0x4e00 && code <= 0x9fff) || (code >= 0x20000 && code < 0x2f800);
      if (isSurrogate || isPlainIdeograph) continue;
      const character = String.fromCodePoint(code);
      const form = normal(character);
      for (const same of ['NFC', 'NFKC']) {
        if (normal(character.normalize(same)) !== form) wrong.push(`${code.toString(16)} ${same}`);
      }
      // A bar of the text itself looks like a boundary here.
      if (!form.includes('||') && normal(form.replaceAll('|', '')) !== form) wrong.push(`${code.toString(16)} twice`);
    }
    expect(wrong).toEqual([]);
  });
});

describe('offsets', () => {
  test('lead back to the original characters', () => {
    expect(origins('ß𝐀\u200b É')).toEqual([
      ['s', 'ß'],
      ['s', 'ß'],
      ['a', '𝐀'],
      [' ', ' '],
      ['e', 'É'],
      ['\u0301', 'É'],
    ]);
  });

  test('a mark stands for its whole run, in which the order is not known', () => {
    expect(origins('e\u0301\u0323')).toEqual([
      ['e', 'e'],
      ['\u0323', '\u0301\u0323'],
      ['\u0301', '\u0301\u0323'],
    ]);
  });

  test('a run of marks is given on after thirty', () => {
    let received = 0;
    const normalizer = new Normalizer(() => {
      received += 1;
    });
    for (let at = 0; at < 29; at++) normalizer.read(0x301, at, at + 1);
    expect(received).toBe(0);
    normalizer.read(0x301, 29, 30);
    expect(received).toBe(30);
  });
});

describe('a term', () => {
  const shown = (codes: readonly number[]) =>
    codes.map((code) => (code === wordBoundary ? '|' : String.fromCodePoint(code))).join('');

  test('has boundaries at both ends where it must be a word', () => {
    expect(shown(normalTerm('  Bad  Word ', true))).toBe('|bad| |word|');
    expect(shown(normalTerm('  Bad  Word ', false))).toBe('bad| |word');
  });

  test('is empty without a visible character', () => {
    expect(normalTerm(' \u200b\u00a0', true)).toEqual([]);
  });
});
