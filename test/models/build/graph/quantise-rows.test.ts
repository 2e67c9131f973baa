/** Activations in 8 bits by row: both forms of the graph, against their definition. */
import { type InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '#octavo/models/build/graph/graph-builder.js';
import { quantiseRows } from '#octavo/models/build/graph/quantise-rows.js';
import { openGraph } from '../../../support/graph-session.js';
import { randomValues } from '../../../support/random-values.js';

const columns = 100;
const weights = { expect: () => {}, has: () => true, read: async () => new Float32Array(), close: async () => {} };

async function openRows(wholeTexts: boolean): Promise<InferenceSession> {
  const builder = new GraphBuilder();
  const x = builder.input({ name: 'x', type: 'float32', dims: ['a', 'b', columns] });
  const context = { builder, weights, precision: 'int8', weightLimit: 127, wholeTexts } as const;
  const { value, rowScale } = quantiseRows(context, '/test', x);
  const name = (output: string, input: string) =>
    builder.node('Identity', '/test', { inputs: [input], outputs: [output] });
  builder.output({ name: name('q', value), type: 'uint8', dims: ['a', 'b', columns] });
  builder.output({ name: name('scale', rowScale), type: 'float32', dims: ['a', 'b', 1] });
  return openGraph(builder);
}

async function quantise(session: InferenceSession, x: Float32Array, texts: number) {
  const dims = [texts, x.length / columns / texts, columns];
  const { q, scale } = (await session.run({ x: new Tensor('float32', x, dims) })) as { q: Tensor; scale: Tensor };
  return { q: [...(q.data as Uint8Array)], scale: [...(scale.data as Float32Array)].map(Math.abs) };
}

describe.each([[false], [true]])('rows of whole texts: %s', (wholeTexts) => {
  const x = randomValues(12 * columns, 3, 7);
  // The largest of a row may be negative, and of padding there is nothing but zeros.
  x[2 * columns + 5] = -9;
  x.fill(0, 4 * columns, 5 * columns);

  it('are scaled by the largest absolute value, to 128 ± 127', async () => {
    const { q, scale } = await quantise(await openRows(wholeTexts), x, 3);
    for (let row = 0; row < 12; row++) {
      const values = [...x.subarray(row * columns, (row + 1) * columns)];
      const largest = Math.max(...values.map(Math.abs));
      expect(scale[row]).toBe(largest);
      if (largest === 0) continue;
      for (const [column, value] of values.entries()) {
        const exact = 128 + (127 * value) / largest;
        expect(Math.abs(q[row * columns + column]! - exact), `${row}, ${column}`).toBeLessThanOrEqual(0.5001);
      }
    }
  });

  it('are the same bits alone and among others', async () => {
    const session = await openRows(wholeTexts);
    const { q, scale } = await quantise(session, x, 3);
    for (let row = 0; row < 12; row++) {
      const alone = await quantise(session, x.slice(row * columns, (row + 1) * columns), 1);
      expect(alone.scale[0]).toBe(scale[row]);
      expect(alone.q).toEqual(q.slice(row * columns, (row + 1) * columns));
    }
  });
});
