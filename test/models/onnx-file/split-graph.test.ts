/** A decoder's graph in groups of layers: every node once, weights left where they are, lengths computed in each group. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { cacheNames } from '#octavo/models/decoder/decoder-ports.js';
import { readGraphFile } from '#octavo/models/onnx-file/inspect-graph.js';
import { splitGraph } from '#octavo/models/onnx-file/split-graph.js';
import { embeddedModel } from '../../support/concierge.js';
import { temporaryFolder } from '../../support/folders.js';
import { message, node, onnxFile } from '../../support/onnx-wire.js';

const layers = 6;
const file = path.join(embeddedModel, 'onnx/model_quantized.onnx');
const { past } = cacheNames(layers);
const pairs = Array.from({ length: layers }, (_, layer) => past.slice(2 * layer, 2 * layer + 2));

describe('groups of layers', () => {
  it.each([1, 2, 3, 6])('%i of them have all layers, in order, with about the same weights', (count) => {
    const groups = splitGraph(file, pairs, count);
    expect(groups.map(({ first }) => first)).toEqual([0, ...groups.slice(0, -1).map(({ end }) => end)]);
    expect(groups.at(-1)!.end).toBe(layers);
    expect(groups.every(({ first, end }) => end > first)).toBe(true);
  });

  it('hand on the inputs of an attention and the residual stream, and nothing of lengths', () => {
    const [first, second] = splitGraph(file, pairs, 2);
    expect(first.takes).toEqual([]);
    expect(second?.gives).toEqual([]);
    expect(second?.takes.toSorted()).toEqual(first.gives.toSorted());
    expect(first.gives).toHaveLength(2);
    expect(first.gives.join()).toMatch(/qkv_proj/);
  });

  it('leave external weights where they are', () => {
    const whole = readGraphFile(file).bytes;
    const sizes = splitGraph(file, pairs, 2).map((group) => {
      const types = new Map(group.takes.map((name) => [name, { type: 1, dims: [null, null, 256] }]));
      return group.encode(types).length;
    });
    for (const size of sizes) expect(size).toBeLessThan(whole);
  });

  it('are at most as many as there are layers', () => {
    expect(() => splitGraph(file, pairs, 7)).toThrow('it has 6 layers, and 7 devices are named');
  });

  it('are not made of a graph with branches', () => {
    const branch = message([1, 'then'], [20, 5n], [6, message([1, node('Identity')])]);
    const branching = path.join(temporaryFolder(), 'model.onnx');
    writeFileSync(branching, onnxFile({ nodes: [node('If', { attributes: [branch] })] }));
    expect(() => splitGraph(branching, [[], []], 2)).toThrow('its graph has branches');
  });
});
