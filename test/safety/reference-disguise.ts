/** Disguised terms written down as regular expressions over the normal form, for the letters that tests use. */

/** What may be read as a letter; the Cyrillic ones look the same. */
const readAs: Readonly<Record<string, string>> = { a: 'aа4@', b: 'b86', c: 'cс¢', d: 'd', i: 'iі1!|', l: 'l1|' };
const attached = /^[\p{M}\u1160-\u11ff]$/u;

/** Up to five signs or runs of white space; without white space. */
const anyGap = '[ \\p{P}\\p{S}]';
const solidGap = '[\\p{P}\\p{S}]';

interface Letter {
  readonly character: string;
  readonly beginsWord: boolean;
}

function lettersOf(term: string): Letter[] {
  const characters = Array.from(term.trim().normalize('NFKD').toLowerCase());
  return characters.flatMap((character, at) =>
    character === ' ' ? [] : [{ character, beginsWord: at === 0 || characters[at - 1] === ' ' }],
  );
}

export function isEvasive(term: string): boolean {
  return lettersOf(term).filter(({ character }) => !attached.test(character)).length >= 3;
}

/** One expression for each way of setting its words: each either with no white space in it, or all letters apart. */
export function evasiveExpressions(term: string): string[] {
  return settings(term).map((letters) => letters.map(({ before, letter }) => before + letter).join(''));
}

/** The same for the beginnings of a disguised term, the whole of it included. */
export function beginnings(term: string): string[] {
  return settings(term).map((letters) =>
    letters.reduceRight((rest, { before, letter, after }) => `${before}${letter}(?:${after}$|${rest})`, '$'),
  );
}

interface Part {
  /** What stands between the letter before and this one. */
  readonly before: string;
  /** The letter, perhaps repeated. */
  readonly letter: string;
  /** What may follow it when a repetition or another letter is still to come. */
  readonly after: string;
}

function settings(term: string): Part[][] {
  const letters = lettersOf(term);
  const words = letters.filter(({ beginsWord }) => beginsWord).length;
  return Array.from({ length: 2 ** words }, (_, choice) => {
    let word = -1;
    return letters.map(({ character, beginsWord }, at): Part => {
      if (beginsWord) word += 1;
      const apart = ((choice >> word) & 1) === 1;
      if (attached.test(character)) return { before: '', letter: '', after: '' };
      const gap = apart ? anyGap : solidGap;
      const between = apart ? `${gap}{1,5}` : `${gap}{0,5}`;
      const before = at === 0 ? '' : beginsWord ? `${anyGap}{0,5}` : between;
      const goesOn = letters[at + 1]?.beginsWord === true ? anyGap : gap;
      const one = `[${readAs[character] ?? character}]`;
      const behind = letters.slice(at + 1).findIndex((letter) => !attached.test(letter.character));
      const marks = letters.slice(at + 1, behind < 0 ? undefined : at + 1 + behind).map((letter) => letter.character);
      const whole = `${one}(?:${gap}{0,5}${one})*${marks.join('')}`;
      return { before, letter: `${whole}(?:${gap}{0,5}${whole})*`, after: `${goesOn}{0,5}` };
    });
  });
}
