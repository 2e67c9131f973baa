/** The operators over weights in blocks, against the product with the weights read back. */
import { type InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { addBlocks, gatherBlocks, multiplyBlocks } from '#octavo/models/build/graph/block-matrix.js';
import { GraphBuilder } from '#octavo/models/build/graph/graph-builder.js';
import type { Matrix } from '#octavo/models/build/graph/matrix.js';
import { type BlockBits, quantiseBlocks } from '#octavo/models/build/weights/quantise-blocks.js';
import { dequantiseBlocks } from '../../../support/block-weights.js';
import { openGraph } from '../../../support/graph-session.js';
import { randomValues } from '../../../support/random-values.js';

const rows = 40;

// 100 columns do not fill their last block.
describe.each([
  [8, 96],
  [8, 100],
  [4, 96],
  [4, 100],
] as const)('%i bits, %i columns', (bits, columns) => {
  const weights = randomValues(rows * columns, 1, columns + bits);
  const restored = dequantiseBlocks(quantiseBlocks(weights, columns, { bits }), columns, bits);

  it('gathers exactly the weights', async () => {
    const session = await openSession(weights, { bits, columns, gather: true });
    const ids = new Tensor('int64', BigInt64Array.of(3n, 0n, 39n, 3n), [2, 2]);
    const y = await run(session, ids);
    expect(y.dims).toEqual([2, 2, columns]);
    const expected = [3, 0, 39, 3].flatMap((row) => [...restored.subarray(row * columns, (row + 1) * columns)]);
    expect([...(y.data as Float32Array)]).toEqual(expected);
  });

  it('multiplies by them: with single inputs nearly exactly, else within the rounding of the input', async () => {
    const session = await openSession(weights, { bits, columns, gather: false });
    const single = new Float32Array(columns * columns);
    for (let i = 0; i < columns; i++) single[i * columns + i] = 1;
    const transposed = await multiply(session, single, columns);
    for (const [index, weight] of restored.entries()) {
      const [row, column] = [Math.floor(index / columns), index % columns];
      expect(Math.abs(transposed[column * rows + row]! - weight)).toBeLessThan(1e-6);
    }
    const x = randomValues(8 * columns, 2, 3);
    const products = await multiply(session, x, columns);
    for (const [index, product] of products.entries()) {
      const [token, row] = [Math.floor(index / rows), index % rows];
      let expected = 0;
      for (let i = 0; i < columns; i++) expected += x[token * columns + i]! * restored[row * columns + i]!;
      expect(Math.abs(product - expected)).toBeLessThan(0.15);
    }
  });

  it('gives a row the same bits alone and beside any number of others', async () => {
    const session = await openSession(weights, { bits, columns, gather: false });
    const x = randomValues(40 * columns, 2, 5);
    const alone: number[] = [];
    for (let row = 0; row < 40; row++) {
      alone.push(...(await multiply(session, x.slice(row * columns, (row + 1) * columns), columns)));
    }
    for (const count of [2, 3, 4, 5, 8, 15, 16, 17, 32, 40]) {
      const together = await multiply(session, x.slice(0, count * columns), columns);
      expect([...together], `${count} rows`).toEqual(alone.slice(0, count * rows));
    }
  });
});

async function multiply(session: InferenceSession, x: Float32Array, columns: number): Promise<Float32Array> {
  const y = await run(session, new Tensor('float32', x, [1, x.length / columns, columns]));
  return y.data as Float32Array;
}

async function run(session: InferenceSession, x: Tensor): Promise<Tensor> {
  return (await session.run({ x })).y as Tensor;
}

async function openSession(
  values: Float32Array,
  { bits, columns, gather }: { bits: BlockBits; columns: number; gather: boolean },
): Promise<InferenceSession> {
  const builder = new GraphBuilder();
  const matrix: Matrix = { name: 'w', parts: [{ tensor: 'w', rows }], columns };
  const weights = {
    expect: () => {},
    has: () => true,
    read: async (_: string, start: number, count: number) => values.slice(start, start + count),
    close: async () => {},
  };
  addBlocks({ builder, weights, precision: 'fp32', weightLimit: 127 }, matrix, bits);
  const context = { builder, weights, precision: 'fp32', weightLimit: 127 } as const;
  const x = builder.input({
    name: 'x',
    type: gather ? 'int64' : 'float32',
    dims: gather ? ['a', 'b'] : ['a', 'b', columns],
  });
  const product = gather
    ? gatherBlocks(context, '/test', { ids: x, matrix, bits })
    : multiplyBlocks(context, '/test', { x, matrix, bits });
  const y = builder.node('Identity', '/test', { inputs: [product], outputs: ['y'] });
  builder.output({ name: y, type: 'float32', dims: ['a', 'b', gather ? columns : rows] });
  return openGraph(builder);
}
