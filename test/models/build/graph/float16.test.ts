/** A graph in float16: what changes its type, what does not, and what is refused. */
import { describe, expect, it } from 'vitest';
import { inFloat16 } from '#octavo/models/build/graph/float16.js';
import { GraphBuilder } from '#octavo/models/build/graph/graph-builder.js';
import { bytesOf } from '#octavo/models/build/graph/tensor.js';

function drawn(weights: readonly number[]) {
  const builder = new GraphBuilder();
  builder.input({ name: 'past_key_values.0.key', type: 'float32', dims: ['n'] });
  const ids = builder.input({ name: 'ids', type: 'int64', dims: ['n'] });
  builder.initializers({
    tensors: [{ name: 'w', type: 'float32', dims: [weights.length] }],
    async *chunks() {
      yield bytesOf(Float32Array.from(weights));
    },
  });
  const wide = builder.node('Cast', '/wide', { inputs: [ids], attributes: { to: 1n } });
  const hidden = builder.constant('float32', [-1e9]);
  builder.node('Where', '/mask', { inputs: [ids, wide, hidden], outputs: ['logits'] });
  builder.node('Add', '/reads', { inputs: ['logits', 'w'], outputs: ['present.0.key'] });
  for (const name of ['logits', 'present.0.key']) builder.output({ name, type: 'float32', dims: ['n'] });
  return inFloat16(builder.finish());
}

async function valuesOf(graph: ReturnType<typeof drawn>, name: string): Promise<number[]> {
  const source = graph.sources.find(({ tensors }) => tensors[0]?.name === name);
  const values: number[] = [];
  for await (const chunk of source!.chunks()) values.push(...new Uint16Array(chunk.buffer, chunk.byteOffset));
  return values;
}

describe('a graph in float16', () => {
  it('takes and keeps a cache in float16, and gives logits in float32', () => {
    const graph = drawn([1]);
    expect(graph.inputs.map(({ type }) => type)).toEqual(['float16', 'int64']);
    expect(graph.outputs).toMatchObject([
      { name: 'logits', type: 'float32' },
      { name: 'present.0.key', type: 'float16' },
    ]);
    expect(graph.nodes.find(({ name }) => name === '/wide/Cast')?.attributes).toEqual({ to: 10n });
    expect(graph.nodes.at(-1)).toMatchObject({ op: 'Cast', outputs: ['logits'], attributes: { to: 1n } });
    expect(graph.nodes.find(({ name }) => name === '/reads/Add')?.inputs).toEqual(['logits/half', 'w']);
  });

  it('holds weights as float16, and a mask as the last of its numbers', async () => {
    const graph = drawn([1, -2, 65504]);
    expect(await valuesOf(graph, 'w')).toEqual([0x3c00, 0xc000, 0x7bff]);
    expect(await valuesOf(graph, '/constants/float32/-1000000000')).toEqual([0xfbff]);
  });

  it('leaves the integers of a matrix in blocks as they are, and holds its scales as float16', async () => {
    const builder = new GraphBuilder();
    builder.initializers({
      tensors: [
        { name: 'blocks', type: 'uint8', dims: [1, 4] },
        { name: 'scales', type: 'float32', dims: [2] },
      ],
      async *chunks() {
        yield Uint8Array.of(1, 2);
        yield Uint8Array.of(3, 255);
        yield bytesOf(Float32Array.of(1));
        yield bytesOf(Float32Array.of(0.5));
      },
    });
    const source = inFloat16(builder.finish()).sources[0];
    expect(source?.tensors.map(({ type }) => type)).toEqual(['uint8', 'float16']);
    const chunks: number[] = [];
    for await (const chunk of source?.chunks() ?? []) chunks.push(...chunk);
    expect(chunks).toEqual([1, 2, 3, 255, 0x00, 0x3c, 0x00, 0x38]);
  });

  it('refuses weights beyond its range, by name', async () => {
    await expect(valuesOf(drawn([1, 70000]), 'w')).rejects.toThrow(/^w holds numbers beyond 65504/);
  });
});
