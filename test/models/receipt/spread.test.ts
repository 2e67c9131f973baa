/** The order in which a few texts are of all kinds. */
import { expect, it } from 'vitest';
import { spread } from '#octavo/models/receipt/spread.js';

it('has every text once, and the first few from everywhere', () => {
  const texts = Array.from({ length: 160 }, (_, index) => index);
  const order = spread(texts);
  expect(order.toSorted((a, b) => a - b)).toEqual(texts);
  for (let part = 0; part < 8; part++) {
    expect(order.slice(0, 32).filter((index) => Math.floor(index / 20) === part).length).toBeGreaterThanOrEqual(3);
  }
});
