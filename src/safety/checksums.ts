/** Check digits: what tells a number with a meaning from any other number of its length. */

/** Cards (ISO/IEC 7812-1, Luhn): every second digit from the right counts double. */
export function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (const [at, digit] of Array.from(digits).toReversed().entries()) {
    const value = Number(digit) * (at % 2 === 0 ? 1 : 2);
    sum += value > 9 ? value - 9 : value;
  }
  return sum % 10 === 0;
}

/** The remainder of a number of any length, letters standing for 10 … 35 (ISO/IEC 7064, as IBANs use it). */
export function remainder(number: string, divisor: number): number {
  let rest = 0;
  for (const character of number) {
    const value = Number.parseInt(character, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % divisor;
  }
  return rest;
}

/** Digits times weights, summed up. */
export function weighted(digits: string, weights: readonly number[]): number {
  return weights.reduce((sum, weight, at) => sum + weight * Number(digits[at] ?? 0), 0);
}

/** ISO/IEC 7064 MOD 11,10, as the German tax number uses it: the last digit checks the others. */
export function passesMod11And10(digits: string): boolean {
  let product = 10;
  for (const digit of digits.slice(0, -1)) {
    const sum = (Number(digit) + product) % 10;
    product = ((sum === 0 ? 10 : sum) * 2) % 11;
  }
  return (11 - product) % 10 === Number(digits.at(-1));
}

/** Verhoeff's check (1969): the group of a pentagon's symmetries, and the powers of one permutation. */
export function passesVerhoeff(digits: string): boolean {
  let sum = 0;
  for (const [at, digit] of Array.from(digits).toReversed().entries()) {
    sum = dihedral(sum, permuted(Number(digit), at));
  }
  return sum === 0;
}

/** The product of two symmetries of a pentagon: 0 … 4 turn it, 5 … 9 turn it over. */
function dihedral(one: number, other: number): number {
  const turn = one < 5 ? (one + (other % 5)) % 5 : (one - (other % 5) + 5) % 5;
  return one < 5 === other < 5 ? turn : turn + 5;
}

const permutation = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];

function permuted(digit: number, times: number): number {
  let value = digit;
  for (let time = 0; time < times % 8; time++) value = permutation[value]!;
  return value;
}
