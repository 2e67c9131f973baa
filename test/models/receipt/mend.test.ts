/** Which layers stay FP32: few, within the room, and always one more where one fits. */
import { describe, expect, it } from 'vitest';
import { chooseLayers } from '#octavo/models/receipt/mend.js';

const layers = [
  { layer: 'head', share: 0.12, divergence: 0.004 },
  { layer: 'down', share: 0.02, divergence: 0.003 },
  { layer: 'up', share: 0.04, divergence: 0.002 },
  { layer: 'output', share: 0.01, divergence: 0.001 },
];
const choose = (bounds: { loss: number; allowed: number; room: number }) =>
  chooseLayers({ ...bounds, layers }).map(({ layer }) => layer);

describe('the layers that stay FP32', () => {
  it('are those that cost most for their weights, and no more than the estimate asks for', () => {
    expect(choose({ loss: 0.01, allowed: 0.008, room: 1 })).toEqual(['down']);
    expect(choose({ loss: 0.01, allowed: 0.007, room: 1 })).toEqual(['down', 'output']);
    expect(choose({ loss: 0.01, allowed: 0.005, room: 1 })).toEqual(['down', 'output', 'up']);
  });

  it('fit into the room; one that does not leaves it to smaller ones', () => {
    expect(choose({ loss: 0.01, allowed: 0.0001, room: 0.15 })).toEqual(['down', 'output', 'up']);
    expect(choose({ loss: 0.01, allowed: 0.0001, room: 0.05 })).toEqual(['down', 'output']);
    expect(choose({ loss: 0.01, allowed: 0.0001, room: 0.005 })).toEqual([]);
  });

  it('are one at least, as a measured loss that is too large needs another build', () => {
    expect(choose({ loss: 0.01, allowed: 0.5, room: 1 })).toEqual(['down']);
  });
});
