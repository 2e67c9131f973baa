/** What a code point stands for when the safety filter compares texts, and whether it joins words. */
import { lookalikes, writtenFor } from './lookalikes.js';

/**
 * `mark` (a combining mark) and `jamo` (a Hangul vowel or final) belong to the character before them; `joining` makes
 * words with its neighbours; `space` is white space, `sign` punctuation and symbols; everything else stands alone.
 */
export type CharacterKind = 'mark' | 'jamo' | 'joining' | 'space' | 'sign' | 'other';

const ignorable = /^\p{Default_Ignorable_Code_Point}$/u;
const mark = /^\p{M}$/u;
const space = /^\p{White_Space}$/u;
const sign = /^[\p{P}\p{S}]$/u;
const letterOrDigit = /^[\p{L}\p{N}]$/u;
// Scripts written without spaces between words, and Hangul, whose particles stick to the word: every character of
// theirs has a word boundary on both sides.
const unspaced =
  /^[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Bopomofo}\p{scx=Hangul}\p{scx=Thai}\p{scx=Lao}\p{scx=Khmer}\p{scx=Myanmar}\p{scx=Tibetan}]$/u;

/** One character of the normal form. */
export interface FoldedCharacter {
  readonly code: number;
  readonly kind: CharacterKind;
  /** What it may be read as: itself first, then the Latin letters that it may be written for. */
  readonly readings: readonly number[];
  /** It is written for those as a digit or a sign (leetspeak), and does not look like a letter. */
  readonly leet: boolean;
}

/** What was folded already, for the Basic Multilingual Plane alone, so that no text can make it grow further. */
const known: (readonly FoldedCharacter[] | undefined)[] = new Array(0x10000);

/**
 * What this code point stands for when texts are compared. Nothing, if it has no visible form of its own (zero-width,
 * bidi controls, variation selectors, tags); otherwise its compatibility decomposition (NFKD, which makes the same
 * texts equal as NFKC does and never has to wait for a later mark) after full case folding.
 */
export function foldedCharacters(code: number): readonly FoldedCharacter[] {
  const found = known[code];
  if (found !== undefined) return found;
  const folded = fold(String.fromCodePoint(code));
  if (code < known.length) known[code] = folded;
  return folded;
}

function kindOf(character: string, code: number): CharacterKind {
  if (mark.test(character)) return 'mark';
  if (isHangulVowelOrFinal(code)) return 'jamo';
  if (space.test(character)) return 'space';
  if (sign.test(character)) return 'sign';
  return letterOrDigit.test(character) && !unspaced.test(character) ? 'joining' : 'other';
}

function fold(original: string): readonly FoldedCharacter[] {
  if (ignorable.test(original)) return [];
  let folded = '';
  // One character at a time: `toLowerCase` of a longer string looks at neighbours (final sigma).
  for (const character of original.normalize('NFKD')) {
    folded += character.toLowerCase().toUpperCase().toLowerCase();
  }
  const characters = Array.from(folded.normalize('NFKD'), (character) => character.codePointAt(0) ?? 0);
  // The look of a letter depends on its case: the Cyrillic "Н" looks like H, "н" does not.
  const looks = characters.length === 1 ? lookalikes(original.codePointAt(0) ?? 0) : [];
  return characters.map((code) => foldedCharacter(code, looks));
}

function foldedCharacter(code: number, looks: readonly number[]): FoldedCharacter {
  const letters = writtenFor(code);
  const readings = new Set([code, ...looks, ...lookalikes(code), ...letters]);
  return { code, kind: kindOf(String.fromCodePoint(code), code), readings: [...readings], leet: letters.length > 0 };
}

/** Jamo that continue a decomposed Hangul syllable (Unicode 17, Hangul Jamo and Hangul Jamo Extended-B). */
function isHangulVowelOrFinal(code: number): boolean {
  return (code >= 0x1160 && code <= 0x11ff) || (code >= 0xd7b0 && code <= 0xd7ff);
}
