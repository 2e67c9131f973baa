/** The detokenizer: pieces joined are the text, however the bytes are cut into tokens, and nothing waits without need. */
import { describe, expect, test } from 'vitest';
import { ByteDetokenizer } from '#octavo/models/tokenizer/detokenizer.js';
import { Random } from '../../support/random.js';

/** The pieces of these tokens, and what the flush adds. */
function pieces(tokens: readonly Uint8Array[]): string[] {
  const detokenizer = new ByteDetokenizer(tokens);
  return [...tokens.map((_, id) => detokenizer.push(id)), detokenizer.flush()];
}

/** `text` cut after these bytes. */
function cut(bytes: Uint8Array, ends: readonly number[]): Uint8Array[] {
  return [...ends, bytes.length].map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
}

/** What of the bytes so far is whole characters. */
function wholeCharacters(bytes: Uint8Array): string {
  for (let held = 0; held < 4; held++) {
    const text = Buffer.from(bytes.subarray(0, bytes.length - held)).toString();
    if (!text.includes('\ufffd')) return text;
  }
  throw new Error('not UTF-8');
}

describe('every way of cutting the bytes of a text into tokens', () => {
  test.each([
    ['Latin', 'héllo'],
    ['an emoji', 'a🙂b'],
    ['a family joined by zero-width joiners', '👩‍👧'],
    ['a flag', '🇨🇭!'],
    ['Chinese', '你好吗'],
    ['Hangul, composed and not', '각각'],
    ['Devanagari', 'क्षि'],
    ['combining accents', 'e\u0301\u0323'],
    ['a byte order mark', '\ufeffa\ufeff'],
    ['control characters', '\0a\u0085'],
    ['the last code point', '\u{10ffff}'],
  ])('%s', (_, text) => {
    const bytes = new TextEncoder().encode(text);
    const cuts = bytes.length < 13 ? allCuts(bytes.length) : twoCuts(bytes.length);
    for (const ends of cuts) {
      const tokens = cut(bytes, ends);
      const heard = pieces(tokens);
      expect(heard.join('')).toBe(text);
      expect(heard.at(-1)).toBe('');
      // A character leaves with its last byte.
      let [seen, said] = [0, ''];
      for (const [index, token] of tokens.entries()) {
        seen += token.length;
        said += heard[index];
        expect(said).toBe(wholeCharacters(bytes.subarray(0, seen)));
      }
    }
  });
});

describe('malformed bytes', () => {
  test.each<[string, readonly number[], string]>([
    ['a lone continuation', [0x80], '\ufffd'],
    ['a start without its rest', [0xe4, 0xbd, 0x41], '\ufffdA'],
    ['a start, then a start', [0xf0, 0x9f, 0xe4, 0xbd, 0xa0], '\ufffd你'],
    ['an overlong form', [0xc0, 0x80], '\ufffd\ufffd'],
    ['a surrogate', [0xed, 0xa0, 0x80], '\ufffd\ufffd\ufffd'],
    ['beyond Unicode', [0xf4, 0x90, 0x80, 0x80], '\ufffd\ufffd\ufffd\ufffd'],
    ['an end in a character', [0x41, 0xf0, 0x9f, 0x99], 'A\ufffd'],
  ])('%s becomes U+FFFD', (_, bytes, text) => {
    expect(pieces(bytes.map((byte) => Uint8Array.of(byte))).join('')).toBe(text);
  });

  test('over random bytes: as Node decodes the whole, and never more than one character behind', () => {
    const random = new Random(23);
    const choices = [0x41, 0x80, 0xa0, 0xbd, 0xc3, 0xe4, 0xed, 0xef, 0xbb, 0xbf, 0xf0, 0x9f, 0x98, 0xf4, 0x90, 0xff];
    for (let round = 0; round < 3000; round++) {
      const bytes = Uint8Array.from({ length: random.between(1, 12) }, () => random.pick(choices));
      const ends = [...bytes.keys()].filter((at) => at > 0 && random.below(2) === 0);
      const tokens = cut(bytes, ends);
      const heard = pieces(tokens);
      expect(heard.join(''), `${bytes}`).toBe(Buffer.from(bytes).toString());
      expect(heard.at(-1)?.length).toBeLessThanOrEqual(1);
    }
  });
});

test('a token without text says nothing, and does not come between the bytes of a character', () => {
  const detokenizer = new ByteDetokenizer([Uint8Array.of(0xc3), undefined, Uint8Array.of(0xa9)]);
  expect([0, 1, 99, 2].map((id) => detokenizer.push(id))).toEqual(['', '', '', 'é']);
});

test('a flush leaves nothing behind', () => {
  const detokenizer = new ByteDetokenizer([Uint8Array.of(0xc3), Uint8Array.of(0xa9)]);
  detokenizer.push(0);
  expect(detokenizer.flush()).toBe('\ufffd');
  expect(detokenizer.flush()).toBe('');
});

/** Every subset of the places between bytes. */
function allCuts(length: number): number[][] {
  const places = Array.from({ length: length - 1 }, (_, index) => index + 1);
  return Array.from({ length: 1 << places.length }, (_, mask) => places.filter((_place, bit) => mask & (1 << bit)));
}

function twoCuts(length: number): number[][] {
  const places = Array.from({ length: length - 1 }, (_, index) => index + 1);
  return [places, ...places.flatMap((a) => places.filter((b) => b > a).map((b) => [a, b]))];
}
