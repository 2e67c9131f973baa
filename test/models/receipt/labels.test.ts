/** Agreement, scores and the loss of labels, against numbers computed by hand. */
import { expect, it } from 'vitest';
import { labelDistance, labelQuality } from '#octavo/models/receipt/labels.js';
import { labelReceipt } from '../../support/receipt.js';

const ln = Math.log;
const { text } = labelReceipt;
const row = (reference: readonly number[], model: readonly number[]) => ({
  reference: Float32Array.from(reference),
  model: Float32Array.from(model),
});
/** The logit whose sigmoid is `share`. */
const logit = (share: number) => ln(share / (1 - share));

// Logits that are logarithms of probabilities, up to a constant that softmax removes.
const rows = [
  row([ln(0.5), ln(0.25), ln(0.25)], [ln(0.4) + 3, ln(0.4) + 3, ln(0.2) + 3]),
  row([ln(0.1), ln(0.1), ln(0.8)], [ln(0.6), ln(0.1), ln(0.3)]),
];

it('that exclude each other agree where the likeliest is the same, ties to the first', () => {
  const { figures, loss, told } = labelQuality({ task: 'classify', text, scores: 'softmax' }, rows);
  expect(figures).toMatchObject({ task: 'classify', text, agreement: 0.5 });
  expect(loss).toBe(0.5);
  expect(told).toBe('changes the labels of 50.00% (of 2 texts)');
});

it('have differences of scores and logits, and a divergence', () => {
  const { figures } = labelQuality({ task: 'tag', text, scores: 'softmax' }, rows);
  const divergence = (0.5 * ln(0.5 / 0.4) + 0.25 * ln(0.25 / 0.4) + 0.25 * ln(0.25 / 0.2) + labelDivergence()) / 2;
  expect(figures).toMatchObject({
    task: 'tag',
    scores: { largest: expect.closeTo(0.5, 6), mean: expect.closeTo((0.1 + 0.15 + 0.05 + 0.5 + 0 + 0.5) / 6, 6) },
    logits: { largest: expect.closeTo(3 + ln(0.4 / 0.25), 5) },
    divergence: expect.closeTo(divergence, 6),
  });
  expect(labelDistance(rows, 'softmax')).toBeCloseTo(divergence, 6);
});

const labelDivergence = () => 0.1 * ln(0.1 / 0.6) + 0.8 * ln(0.8 / 0.3);

it('that stand by themselves agree where all of them do', () => {
  const several = [
    row([logit(0.9), logit(0.2)], [logit(0.8), logit(0.4)]),
    row([logit(0.9), logit(0.2)], [logit(0.8), logit(0.6)]),
  ];
  const { figures, loss } = labelQuality({ task: 'classify', text, scores: 'sigmoid' }, several);
  expect(figures).toMatchObject({
    agreement: 0.5,
    scores: { largest: expect.closeTo(0.4, 6), mean: expect.closeTo((0.1 + 0.2 + 0.1 + 0.4) / 4, 6) },
  });
  expect(loss).toBe(0.5);
});

it('that are alone lose what their score changes', () => {
  const { loss, told } = labelQuality({ task: 'classify', text, scores: 'sigmoid' }, [
    row([logit(0.9)], [logit(0.8)]),
    row([logit(0.3)], [logit(0.3)]),
  ]);
  expect(loss).toBeCloseTo(0.05, 6);
  expect(told).toBe('changes scores by 5.00% on average (2 texts)');
});

it('that are not numbers are not taken for near', () => {
  const broken = [row([1, 2], [Number.NaN, 2]), row([1, 2], [1, 2])];
  const { figures } = labelQuality({ task: 'classify', text, scores: 'softmax' }, broken);
  expect(figures).toMatchObject({ logits: { largest: Number.NaN } });
});
