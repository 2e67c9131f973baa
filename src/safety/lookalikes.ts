/** Which letters a character may stand for when someone writes a word so that it is read but not found. */
import { confusables } from './confusables.js';

const firstLetter = 0x61;

/** Letters that Unicode's confusables do not give as such: small capitals, and letters in circles, squares and flags. */
const smallCapitals = 'ᴀa ʙb ᴄc ᴅd ᴇe ꜰf ɢg ʜh ɪi ᴊj ᴋk ʟl ᴍm ɴn ᴏo ᴘp ꞯq ʀr ꜱs ᴛt ᴜu ᴠv ᴡw ʏy ᴢz';
const alphabets = [0x1f150, 0x1f170, 0x1f1e6] as const;

/** Digits and signs that are written for letters. */
const leetspeak = '0o 1il 2z 3e 4a 5s 6gb 7t 8b 9g @a $s §s !i |il €e ¢c';

const looking = new Map<number, number[]>();
for (const [letter, codes] of Object.entries(confusables)) {
  for (const code of codes.split(' ')) add(looking, Number.parseInt(code, 16), letter);
}
for (const [capital = '', letter = ''] of pairs(smallCapitals)) add(looking, capital.codePointAt(0) ?? 0, letter);
for (const start of alphabets) {
  for (let at = 0; at < 26; at++) add(looking, start + at, String.fromCharCode(firstLetter + at));
}

const written = new Map<number, number[]>();
for (const [sign = '', ...letters] of pairs(leetspeak)) {
  for (const letter of letters) add(written, sign.codePointAt(0) ?? 0, letter);
}

/** Latin letters that this character looks like (UTS #39), itself not among them. */
export function lookalikes(code: number): readonly number[] {
  return looking.get(code) ?? [];
}

/** Latin letters that this digit or sign is written for. */
export function writtenFor(code: number): readonly number[] {
  return written.get(code) ?? [];
}

function pairs(text: string): string[][] {
  return text.split(' ').map((pair) => Array.from(pair));
}

function add(table: Map<number, number[]>, code: number, letter: string): void {
  const letters = table.get(code) ?? [];
  const added = letter.codePointAt(0) ?? 0;
  table.set(code, letters.includes(added) ? letters : [...letters, added]);
}
