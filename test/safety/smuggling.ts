/** Hides text in characters that nobody sees, as it is done to get past filters. */

/** ASCII as Unicode tags. */
export function asTags(text: string): string {
  return Array.from(text, (letter) => String.fromCodePoint(0xe0000 + (letter.codePointAt(0) ?? 0))).join('');
}

/** UTF-8, one variation selector for each byte. */
export function asSelectors(text: string): string {
  return Array.from(Buffer.from(text), (byte) =>
    String.fromCodePoint(byte < 16 ? 0xfe00 + byte : 0xe0100 + byte - 16),
  ).join('');
}
