/** Text that may leave the server: a type of its own, which only the guard can make (a test of the house says so). */

declare const screened: unique symbol;

/** Output that every screen has passed. What writes answers takes nothing else. */
export type SafeText = string & { readonly [screened]: true };

export const noText = '' as SafeText;

/** For the guard alone. */
export function passScreened(text: string): SafeText {
  return text as SafeText;
}

export function joinSafe(one: SafeText, other: SafeText): SafeText {
  return (one + other) as SafeText;
}
