/** An ONNX file is looked at before ONNX Runtime opens it: what is refused, in which words, and what passes. */
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildRandomModel } from '#octavo/models/build/build.js';
import { type FindFile, inspectGraph } from '#octavo/models/onnx-file/inspect-graph.js';
import { temporaryFolder } from '../../support/folders.js';
import { message, node, onnxFile, tensor, varint, type WireGraph } from '../../support/onnx-wire.js';

const folder = temporaryFolder();
const file = join(folder, 'model.onnx');
const nothing: FindFile = async () => ({ fault: 'it is missing' });

function inspect(bytes: Uint8Array, find = nothing) {
  writeFileSync(file, bytes);
  return inspectGraph(file, find);
}

/** A graph inside an attribute, `depth` times. */
function nest(depth: number): Buffer {
  let inner = node('Identity');
  for (let i = 0; i < depth; i++) inner = node('If', { attributes: [message([1, 'then'], [6, message([1, inner])])] });
  return inner;
}

describe('refused', () => {
  it.each<[string, WireGraph, RegExp]>([
    [
      'operators of a foreign domain',
      { nodes: [node('Evil', { domain: 'my.ops' })] },
      /operator Evil of the domain "my\.ops"/,
    ],
    [
      'a foreign operator inside a branch',
      { nodes: [node('If', { attributes: [message([6, message([1, node('Evil', { domain: 'my.ops' })])])] })] },
      /operator Evil/,
    ],
    [
      'compiled code',
      { nodes: [node('EPContext', { domain: 'com.microsoft' })] },
      /EPContext, which runs compiled code/,
    ],
    ['functions', { model: [[25, message([1, 'f'])]] }, /functions of its own/],
    ['a second graph', { model: [[7, message()]] }, /two graphs/],
    ['branches in branches without end', { nodes: [nest(50)] }, /nested deeper than 8 levels/],
    ['sparse tensors', { graph: [[15, message()]] }, /sparse tensors/],
    ['no nodes', { nodes: [] }, /no nodes/],
    ['a name without end', { nodes: [node('x'.repeat(70_000))] }, /a name in it has 70000 bytes, at most 65536/],
    ['a negative dimension', { tensors: [tensor({ dims: [-1n, 4n] })] }, /impossible shape \[-1,4\]/],
    ['a product beyond 64 bits', { tensors: [tensor({ dims: [1n << 40n, 1n << 40n] })] }, /impossible shape/],
    ['too many dimensions', { tensors: [tensor({ dims: Array(17).fill(1n) })] }, /impossible shape/],
    [
      'fewer bytes than the shape',
      { tensors: [tensor({ dims: [4n], raw: new Uint8Array(12) })] },
      /other bytes than its shape \[4\]/,
    ],
    ['no bytes at all', { tensors: [tensor({ dims: [1n << 40n] })] }, /other bytes than its shape/],
    [
      'too few packed numbers',
      { tensors: [tensor({ type: 7, dims: [3n], more: [[7, varint(300n)]] })] },
      /other bytes/,
    ],
    ['texts', { tensors: [tensor({ type: 8, dims: [1n] })] }, /element type 8/],
    [
      'weights that are not there',
      { tensors: [tensor({ dims: [2n], external: { location: 'w' } })] },
      /w cannot be used: it is missing/,
    ],
    [
      'a tensor in an attribute, like any other',
      { nodes: [node('Constant', { attributes: [message([5, tensor({ dims: [9n] })])] })] },
      /other bytes/,
    ],
    [
      'an attribute whose tensor comes twice',
      {
        nodes: [
          node('Constant', { attributes: [message([5, message([2, 1n], [9, new Uint8Array(4)])], [5, message()])] }),
        ],
      },
      /two values/,
    ],
  ])('%s', async (_, graph, fault) => {
    await expect(inspect(onnxFile(graph))).rejects.toMatchObject({
      code: 'invalid_model',
      message: expect.stringMatching(fault),
    });
  });

  it.each(['../w', 'a/../../w', '/etc/passwd', 'C:\\w', '..\\w', '', '*/_ORT_MEM_ADDR_/*', './w'])(
    'external data at %s',
    async (location) => {
      let asked = 0;
      const find: FindFile = async () => ({ bytes: ++asked * 8 });
      const bytes = onnxFile({ tensors: [tensor({ dims: [2n], external: { location } })] });
      await expect(inspect(bytes, find)).rejects.toThrow(/no plain relative path/);
      expect(asked).toBe(0);
    },
  );

  it.each<[string, Record<string, string>, RegExp]>([
    ['an offset beyond the file', { offset: '96' }, /ends at byte 104 of w, which has 100/],
    ['a length that is not the shape', { length: '12' }, /needs 8 bytes, its external data has a length of 12/],
    ['an offset that is no number', { offset: '1e3' }, /offset that is no plain number/],
    ['a negative offset', { offset: '-8' }, /offset that is no plain number/],
    ['an entry nobody knows', { handle: '1' }, /unknown entry "handle"/],
  ])('external data with %s', async (_, entries, fault) => {
    const bytes = onnxFile({ tensors: [tensor({ dims: [2n], external: { location: 'w', ...entries } })] });
    await expect(inspect(bytes, async () => ({ bytes: 100 }))).rejects.toThrow(fault);
  });

  it('a small file that stands for a huge model', async () => {
    const one = tensor({ dims: [1000n], external: { location: 'w' } });
    const bytes = onnxFile({ tensors: Array(100).fill(one) });
    await expect(inspect(bytes, async () => ({ bytes: 4000 }))).rejects.toThrow(/claim 400000 bytes, its files hold/);
  });

  it.each<[string, Uint8Array, RegExp]>([
    ['nothing', new Uint8Array(), /no ONNX model: it has no graph/],
    ['half of a file', onnxFile().subarray(0, 12), /truncated/],
    ['a length of 2^63', Buffer.concat([Buffer.from([0x3a]), varint(1n << 63n)]), /truncated: a field reaches beyond/],
    ['a number without end', new Uint8Array(40).fill(0xff), /more than ten bytes/],
    ['zeros', new Uint8Array(40), /field has the number 0/],
    ['a group', Uint8Array.of(0x3b), /wire type 3/],
    ['text', Buffer.from('{"not": "onnx"}'), /Cannot use .*model\.onnx: it is/],
  ])('a file that is %s', async (_, bytes, fault) => {
    await expect(inspect(bytes)).rejects.toMatchObject({
      code: 'invalid_model',
      message: expect.stringMatching(fault),
    });
  });

  it('a file of more than two gigabytes, unread', async () => {
    writeFileSync(file, '');
    truncateSync(file, 2 ** 31);
    await expect(inspectGraph(file, nothing)).rejects.toThrow(/has 2147483648 bytes, at most 2147483647/);
  });

  it('millions of empty fields, without walking them all', async () => {
    const graph = Buffer.alloc(9_000_000);
    for (let i = 0; i < graph.length; i += 2) graph[i] = 0x52;
    await expect(inspect(message([7, graph]))).rejects.toThrow(/more than 4000000 fields/);
  });

  it('a name that makes ONNX Runtime take it for its own format', async () => {
    await expect(inspectGraph(join(folder, 'model.ort'), nothing)).rejects.toThrow(/does not end in "\.onnx"/);
  });
});

describe('what passes', () => {
  it('is every tensor in its own way of lying there', async () => {
    const facts = await inspect(
      onnxFile({
        tensors: [
          tensor({ dims: [2n, 2n], raw: new Uint8Array(16) }),
          tensor({ type: 7, dims: [3n], more: [[7, Buffer.concat([varint(-1n), varint(5n), varint(300n)])]] }),
          tensor({ type: 22, dims: [3n], raw: new Uint8Array(2) }),
          tensor({
            type: 10,
            dims: [2n],
            more: [
              [5, 7n],
              [5, 9n],
            ],
          }),
          tensor({ dims: [0n] }),
          tensor({ dims: [2n], external: { location: 'sub/w.bin', offset: '92', length: '8' } }),
        ],
      }),
      async (found) => (found === join(folder, 'sub/w.bin') ? { bytes: 100 } : { fault: 'it is another' }),
    );
    expect(facts.tensors.map(({ bytes }) => bytes)).toEqual([16, 24, 2, 4, 0, 8]);
  });

  it('tells nodes, inputs and outputs of a graph that Octavo built', async () => {
    const out = join(folder, 'built');
    const { graph } = await buildRandomModel({ shape: 'tiny-llama', seed: 1, out, precision: 'int8' });
    const facts = await inspectGraph(join(out, graph), async () => ({ bytes: 1 << 24 }));
    expect(facts.inputs).toContainEqual({ name: 'attention_mask', type: 7, dims: [null, null] });
    expect(facts.outputs.map(({ name }) => name)).toContain('present.0.value');
    expect(facts.nodes.filter(({ op }) => op === 'GroupQueryAttention')[0]).toMatchObject({ domain: 'com.microsoft' });
  });
});
