/** The ways in which a forbidden term is written so that a filter does not find it. */
import { confusables } from '#octavo/safety/confusables.js';
import type { Random } from '../support/random.js';
import { asSelectors, asTags } from './smuggling.js';

/** The term in this disguise, or `null` where it has none of this kind. */
export type Disguise = (term: string, random: Random) => string | null;

const leet: Readonly<Record<string, string>> = {
  o: '0',
  i: '1',
  e: '3',
  a: '4@',
  s: '5$',
  t: '7',
  b: '8',
  g: '9',
  l: '1',
};
const zeroWidth = ['\u200b', '\u200c', '\u200d', '\u2060', '\ufeff', '\u00ad', '\u034f', '\u180e', '\u3164'];
const bidi = [
  '\u202a',
  '\u202b',
  '\u202c',
  '\u202d',
  '\u202e',
  '\u2066',
  '\u2067',
  '\u2068',
  '\u2069',
  '\u200e',
  '\u061c',
];
const selectors = ['\ufe00', '\ufe0e', '\ufe0f', '\u{e0100}', '\u{e0123}'];

const lookalikes = (letter: string) =>
  (confusables[letter] ?? '').split(' ').map((code) => String.fromCodePoint(Number.parseInt(code, 16)));

const eachLetter = (term: string, change: (letter: string, at: number) => string) => Array.from(term, change).join('');
const between = (term: string, separators: readonly string[], random: Random) =>
  Array.from(term).reduce((text, letter) => text + random.pick(separators) + letter);

/** Of words: every letter apart, the words further apart. */
const apart = (term: string, separator: string) =>
  term
    .split(' ')
    .map((word) => Array.from(word).join(separator))
    .join(`${separator}  ${separator}`.slice(0, 3));

const onlyAscii = (term: string, disguise: (term: string) => string) => (/^[ -~]+$/.test(term) ? disguise(term) : null);

/** These must all be found. */
export const covered: Readonly<Record<string, Disguise>> = {
  plain: (term) => term,
  case: (term, random) => eachLetter(term, (letter) => (random.below(2) ? letter.toUpperCase() : letter)),
  leet: (term, random) => eachLetter(term, (letter) => (leet[letter] ? random.pick([...leet[letter]]) : letter)),
  spaced: (term) => apart(term, ' '),
  dotted: (term) => apart(term, '.'),
  'dotted in places': (term, random) => between(term, ['', '', '.', '-', '_', '*', '..', '🙂'], random),
  'zero-width': (term, random) => between(term, zeroWidth, random),
  homoglyph: (term, random) =>
    eachLetter(term, (letter, at) => (/[a-z]/.test(letter) && at % 2 ? random.pick(lookalikes(letter)) : letter)),
  'full-width': (term) =>
    eachLetter(term, (letter) => (/[!-~]/.test(letter) ? String.fromCodePoint(letter.charCodeAt(0) + 0xfee0) : letter)),
  'bidi controls': (term, random) => between(term, bidi, random),
  'tags between': (term, random) => between(term, [asTags('x'), asTags('no')], random),
  'hidden in tags': (term) => onlyAscii(term, (ascii) => `🙂${asTags(ascii)}`),
  'selectors between': (term, random) => between(term, selectors, random),
  'hidden in selectors': (term) => `🙂${asSelectors(term)}`,
  repeats: (term, random) => eachLetter(term, (letter) => letter.repeat(letter === ' ' ? 1 : random.between(1, 9))),
  'no spaces': (term) => term.replaceAll(' ', ''),
  'all together': (term, random) =>
    between(
      eachLetter(term, (letter) => (random.below(2) ? letter.toUpperCase() : letter))
        .replace('o', '0')
        .replace('i', 'i\u200bі'),
      ['', '\u200d', '.'],
      random,
    ),
};

/** What the rules do not undo. */
export const uncovered: Readonly<Record<string, Disguise>> = {
  reversed: (term) => Array.from(term).reverse().join(''),
  base64: (term) => Buffer.from(term).toString('base64'),
  'letters left out': (term) => (/[aeiou]/.test(term) ? term.replaceAll(/[aeiou]/g, '*') : null),
};
