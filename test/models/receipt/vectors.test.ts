/** Cosines, neighbours and the loss of vectors, against numbers computed by hand. */
import { expect, it } from 'vitest';
import type { ReadText } from '#octavo/models/receipt/receipt.js';
import { vectorDistance, vectorQuality } from '#octavo/models/receipt/vectors.js';
import { ofTask, vectorReceipt } from '../../support/receipt.js';

const text: ReadText = vectorReceipt.text;
const pair = (reference: readonly number[], model: readonly number[]) => ({
  reference: Float32Array.from(reference),
  model: Float32Array.from(model),
});
/** A vector of the plane, `degrees` from the first axis. */
const at = (degrees: number, length = 1) => [
  length * Math.cos((degrees * Math.PI) / 180),
  length * Math.sin((degrees * Math.PI) / 180),
];
const cos = (degrees: number) => Math.cos((degrees * Math.PI) / 180);
const figuresOf = (pairs: readonly ReturnType<typeof pair>[]) => {
  const { figures, ...rest } = vectorQuality(text, pairs);
  return { ...rest, ...ofTask('embed', { ...vectorReceipt, ...figures } as typeof vectorReceipt) };
};

it('are compared by direction alone, the mean and the least', () => {
  const { cosine } = figuresOf([pair(at(0, 3), at(10)), pair(at(90), at(90, 7)), pair(at(180), at(210))]);
  expect(cosine.mean).toBeCloseTo((cos(10) + 1 + cos(30)) / 3, 6);
  expect(cosine.lowest).toBeCloseTo(cos(30), 6);
  expect(cosine.others).toBeCloseTo((cos(90) + cos(90) + cos(180)) / 3, 6);
});

it('lose what they move, as a share of what lies between different texts', () => {
  const wide = vectorQuality(text, [pair(at(0), at(10)), pair(at(90), at(100))]);
  expect(wide.loss).toBeCloseTo((1 - cos(10)) / (1 - cos(90)), 6);
  const narrow = vectorQuality(text, [pair(at(0), at(10)), pair(at(20), at(30))]);
  expect(narrow.loss).toBeCloseTo((1 - cos(10)) / (1 - cos(20)), 6);
  expect(narrow.told).toMatch(/^moves vectors by 25\.19% of .* \(mean cosine 0\.98481, 2 texts\)$/);
  expect(vectorDistance([pair(at(0), at(10)), pair(at(20), at(20))])).toBeCloseTo((1 - cos(10)) / 2, 6);
});

it('share the neighbours that both have', () => {
  // Five texts have one neighbour each that counts; the last text has moved to the other side of the circle.
  const angles = [0, 10, 30, 60, 100];
  const { neighbours } = figuresOf(angles.map((angle, i) => pair(at(angle), at(i === 4 ? -5 : angle))));
  expect(neighbours).toEqual({ nearest: 1, overlap: 3 / 5 });
  expect(figuresOf(angles.map((angle) => pair(at(angle), at(angle + 45)))).neighbours.overlap).toBe(1);
});

it('of zeros are as far from everything as they can be, and no numbers get lost', () => {
  const { cosine, loss } = figuresOf([pair(at(0), [0, 0]), pair(at(90), at(90))]);
  expect([cosine.mean, loss]).toEqual([expect.closeTo(0.5, 6), expect.closeTo(0.5, 6)]);
  expect(vectorQuality(text, [pair(at(0), [Number.NaN, 0]), pair(at(90), at(90))]).loss).toBeNaN();
});
