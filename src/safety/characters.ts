/** What a code point stands for when the safety filter compares texts, and whether it joins words. */

/**
 * `mark` (a combining mark) and `jamo` (a Hangul vowel or final) belong to the character before them; `joining` makes
 * words with its neighbours; `space` is white space; everything else stands alone.
 */
export type CharacterKind = 'mark' | 'jamo' | 'joining' | 'space' | 'other';

const ignorable = /^\p{Default_Ignorable_Code_Point}$/u;
const mark = /^\p{M}$/u;
const space = /^\p{White_Space}$/u;
const letterOrDigit = /^[\p{L}\p{N}]$/u;
// Scripts written without spaces between words, and Hangul, whose particles stick to the word: every character of
// theirs has a word boundary on both sides.
const unspaced =
  /^[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Bopomofo}\p{scx=Hangul}\p{scx=Thai}\p{scx=Lao}\p{scx=Khmer}\p{scx=Myanmar}\p{scx=Tibetan}]$/u;

/** One character of the normal form: a code point and its kind. */
export interface FoldedCharacter {
  readonly code: number;
  readonly kind: CharacterKind;
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
  return letterOrDigit.test(character) && !unspaced.test(character) ? 'joining' : 'other';
}

function fold(original: string): readonly FoldedCharacter[] {
  if (ignorable.test(original)) return [];
  let folded = '';
  // One character at a time: `toLowerCase` of a longer string looks at neighbours (final sigma).
  for (const character of original.normalize('NFKD')) {
    folded += character.toLowerCase().toUpperCase().toLowerCase();
  }
  return Array.from(folded.normalize('NFKD'), (character) => {
    const code = character.codePointAt(0) ?? 0;
    return { code, kind: kindOf(character, code) };
  });
}

/** Jamo that continue a decomposed Hangul syllable (Unicode 17, Hangul Jamo and Hangul Jamo Extended-B). */
function isHangulVowelOrFinal(code: number): boolean {
  return (code >= 0x1160 && code <= 0x11ff) || (code >= 0xd7b0 && code <= 0xd7ff);
}
