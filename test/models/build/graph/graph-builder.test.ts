/** The graph builder's names and the mistakes it refuses. */
import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '#octavo/models/build/graph/graph-builder.js';

function builderWithInput() {
  const builder = new GraphBuilder();
  const x = builder.input({ name: 'x', type: 'float32', dims: ['rows', 4] });
  return { builder, x };
}

describe('nodes', () => {
  it('are named by their path and operator, and numbered when that is taken', () => {
    const { builder, x } = builderWithInput();
    expect(builder.node('Abs', '/layers.0/mlp', { inputs: [x] })).toBe('/layers.0/mlp/Abs/output_0');
    expect(builder.node('Abs', '/layers.0/mlp', { inputs: [x] })).toBe('/layers.0/mlp/Abs_1/output_0');
    expect(builder.finish().nodes.map((node) => node.name)).toEqual(['/layers.0/mlp/Abs', '/layers.0/mlp/Abs_1']);
  });

  it('know the domain of their operator', () => {
    const { builder, x } = builderWithInput();
    builder.node('Abs', '', { inputs: [x] });
    builder.node('QuickGelu', '', { inputs: [x], attributes: { alpha: 1 } });
    expect(builder.finish().nodes.map((node) => node.domain)).toEqual(['', 'com.microsoft']);
  });

  it('cannot read what no node has made', () => {
    const { builder } = builderWithInput();
    expect(() => builder.node('Abs', '/a', { inputs: ['y'] })).toThrow('Invariant broken: y, read by /a/Abs');
  });

  it('cannot make a value twice', () => {
    const { builder, x } = builderWithInput();
    builder.node('Abs', '/a', { inputs: [x], outputs: ['y'] });
    expect(() => builder.node('Abs', '/b', { inputs: [x], outputs: ['y'] })).toThrow('y is defined once');
  });
});

it('makes a constant once', () => {
  const { builder } = builderWithInput();
  expect(builder.constant('int64', [1n], [1])).toBe(builder.constant('int64', [1n], [1]));
  expect(builder.constant('int64', [1n])).not.toBe(builder.constant('int64', [1n], [1]));
  expect(builder.finish().sources).toHaveLength(2);
});

it('lists an input with a default among inputs and constants', () => {
  const { builder } = builderWithInput();
  builder.defaultedInput('keep', 0n);
  const { inputs, sources } = builder.finish();
  expect(inputs.map((input) => input.name)).toEqual(['x', 'keep']);
  expect(sources.flatMap((source) => source.tensors)).toEqual([{ name: 'keep', type: 'int64', dims: [] }]);
});

it('cannot output what no node has made', () => {
  const { builder } = builderWithInput();
  expect(() => builder.output({ name: 'y', type: 'float32', dims: [] })).toThrow('y is made by a node');
});
