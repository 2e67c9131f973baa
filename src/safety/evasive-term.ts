/** A term as it is looked for when it may be disguised: its letters, and where its words begin. */
import { type FoldedCharacter, foldedCharacters } from './characters.js';
import { lookalikes } from './lookalikes.js';
import { normalForm, wordBoundary } from './normalizer.js';

/** Terms of fewer letters are common by chance ("a.s", "4s"): they are matched exactly. */
const fewestLetters = 3;

export interface EvasiveLetter {
  readonly code: number;
  /** It begins a word of the term, so any gap may stand before it. */
  readonly beginsWord: boolean;
  /** A combining mark, or a Hangul vowel or final: it belongs to the letter before it. */
  readonly isAttached: boolean;
  /** Nothing of the term is attached to it any more. */
  readonly isWhole: boolean;
}

/** The letters of a term, without what stands between its words; `null` where only exact matching makes sense. */
export function evasiveLetters(term: string): readonly EvasiveLetter[] | null {
  const letters: Omit<EvasiveLetter, 'isWhole'>[] = [];
  let beginsWord = true;
  for (const character of normalForm(term)) {
    if (character.code === wordBoundary) continue;
    if (character.kind === 'sign' && character.readings.length > 1) return null;
    if (isGap(character)) beginsWord = true;
    else {
      const isAttached = character.kind === 'mark' || character.kind === 'jamo';
      letters.push({ code: character.code, beginsWord, isAttached });
      beginsWord = false;
    }
  }
  if (letters.filter(({ isAttached }) => !isAttached).length < fewestLetters) return null;
  return letters.map((letter, at) => ({ ...letter, isWhole: letters[at + 1]?.isAttached !== true }));
}

/** White space, punctuation and symbols may stand between the letters of a disguised term. */
export function isGap({ kind }: FoldedCharacter): boolean {
  return kind === 'space' || kind === 'sign';
}

/** What of a text's readings stands for this letter of a term: a Cyrillic term is found in Latin letters too. */
export function lettersFor(code: number): ReadonlySet<number> {
  const capital = String.fromCodePoint(code).toUpperCase();
  const looks = [...lookalikes(code), ...(capital.length === 1 ? lookalikes(capital.codePointAt(0) ?? 0) : [])];
  return new Set([code, ...looks.flatMap((look) => foldedCharacters(look).map((folded) => folded.code))]);
}
