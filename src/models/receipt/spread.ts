/** An order in which the first few of many texts are of all kinds, where neighbours are alike. */

const goldenRatio = (1 + Math.sqrt(5)) / 2;

/** The same texts, by the fractions of index / golden ratio, of which no few lie close together. */
export function spread<Text>(texts: readonly Text[]): Text[] {
  return texts
    .map((text, index) => ({ text, at: (index / goldenRatio) % 1 }))
    .sort((a, b) => a.at - b.at)
    .map(({ text }) => text);
}
