/** Numbers that states give to persons, where a rule or check digit of theirs tells them from any other number. */
import { passesMod11And10, passesVerhoeff, remainder, weighted } from './checksums.js';

/** Social security numbers of the USA: no area 000, 666 or 9xx, no group 00, no serial 0000. */
export function isUsSsn(digits: string): boolean {
  const area = digits.slice(0, 3);
  return area !== '000' && area !== '666' && area < '900' && digits.slice(3, 5) !== '00' && !digits.endsWith('0000');
}

/** National insurance numbers of the United Kingdom: prefixes that are not given out. */
export function isGbNino(number: string): boolean {
  return !/^(?:[DFIQUV]|.[DFIOQUV]|BG|GB|KN|NK|NT|TN|ZZ)/.test(number.toUpperCase());
}

/** Steuer-Identifikationsnummer: of the first ten digits exactly one stands there twice, or three times. */
export function isDeTaxId(digits: string): boolean {
  const first = Array.from(digits.slice(0, 10));
  const repeated = new Set(first.filter((digit, at) => first.indexOf(digit) !== at));
  const most = Math.max(...first.map((digit) => first.filter((other) => other === digit).length));
  return digits[0] !== '0' && repeated.size === 1 && most <= 3 && passesMod11And10(digits);
}

/** Numéro de sécurité sociale: the key is 97 minus the remainder; Corsica's 2A and 2B count as 19 and 18. */
export function isFrNir(number: string): boolean {
  const digits = number.toUpperCase().replace('2A', '19').replace('2B', '18');
  const month = Number(digits.slice(3, 5));
  return (month <= 12 || month >= 20) && 97 - remainder(digits.slice(0, 13), 97) === Number(digits.slice(13));
}

/** DNI and NIE: the letter is the remainder by 23; X, Y and Z of a NIE count as 0, 1 and 2. */
export function isEsDni(number: string): boolean {
  const digits = number.toUpperCase().replace(/^[XYZ]/, (letter) => String('XYZ'.indexOf(letter)));
  return 'TRWAGMYFPDXBNJZSQVHLCKE'[Number(digits.slice(0, 8)) % 23] === digits[8];
}

/** What letters and digits count at odd places of a codice fiscale; digits count as A … J. */
const oddValues = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];

/** Codice fiscale: the last letter checks the others. */
export function isItTaxCode(number: string): boolean {
  let sum = 0;
  for (const [at, character] of Array.from(number.toUpperCase().slice(0, 15)).entries()) {
    const value = Number.parseInt(character, 36);
    const even = value > 9 ? value - 10 : value;
    sum += at % 2 === 0 ? (oddValues[even] ?? 0) : even;
  }
  return String.fromCharCode(65 + (sum % 26)) === number.toUpperCase()[15];
}

/** Cadastro de Pessoas Físicas: two check digits, and not one digit all over. */
export function isBrCpf(digits: string): boolean {
  const check = (length: number) => {
    const weights = Array.from({ length }, (_, at) => length + 1 - at);
    return ((weighted(digits, weights) * 10) % 11) % 10 === Number(digits[length]);
  };
  return !isOneDigit(digits) && check(9) && check(10);
}

/** Aadhaar of India. */
export function isInAadhaar(digits: string): boolean {
  return passesVerhoeff(digits) && !isOneDigit(digits);
}

/** PESEL of Poland: a date of birth, whose month tells the century, and a check digit. */
export function isPlPesel(digits: string): boolean {
  const month = Number(digits.slice(2, 4)) % 20;
  const sum = weighted(digits, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]);
  return isDay(month, Number(digits.slice(4, 6))) && sum % 10 === 0;
}

/** Resident identity number of China (GB 11643): a date of birth, and a check digit by ISO 7064 MOD 11-2. */
export function isCnId(number: string): boolean {
  const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
  const isDate = isDay(Number(number.slice(10, 12)), Number(number.slice(12, 14)));
  return isDate && '10X98765432'[weighted(number, weights) % 11] === number[17]?.toUpperCase();
}

function isDay(month: number, day: number): boolean {
  return month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

function isOneDigit(digits: string): boolean {
  return new Set(digits).size === 1;
}
