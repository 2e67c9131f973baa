/** When past and present may be the same memory, and when rows see each other. */
import { expect, it } from 'vitest';
import { companyRemark } from '#octavo/models/exports/company.js';
import { precisionOf } from '#octavo/models/exports/graph-precision.js';
import { whyGrowing } from '#octavo/models/exports/in-place.js';
import type { GraphFacts, NodeFacts } from '#octavo/models/onnx-file/graph-facts.js';

const node = (op: string, facts: Partial<NodeFacts> = {}): NodeFacts => ({
  ...{ op, domain: '', inputs: [], outputs: [], integers: new Map() },
  ...facts,
});
const attention = node('GroupQueryAttention', {
  domain: 'com.microsoft',
  inputs: ['q', 'k', 'v', 'past.k', 'past.v', 'lengths', 'total'],
  outputs: ['y', 'present.k', 'present.v'],
  integers: new Map([['do_rotary', 1]]),
});
const value = (name: string, dims: readonly (number | null)[] = [null, null]) => ({ name, type: 1, dims });
const graph: GraphFacts = {
  nodes: [attention],
  nested: [],
  inputs: [value('ids'), value('mask'), value('past.k'), value('past.v')],
  outputs: [value('logits', [null, null, 9]), value('present.k'), value('present.v')],
  tensors: [],
};
const ports = {
  ...{ mask: 'mask', positions: 'places', logits: 'logits', combined: false },
  cache: { past: ['past.k', 'past.v'], present: ['present.k', 'present.v'] },
};

it('a cache that GroupQueryAttention alone touches is written in place', () => {
  expect(whyGrowing(graph, ports)).toBe('');
  const unplaced = {
    ...graph,
    nodes: [{ ...attention, integers: new Map() }],
    inputs: [...graph.inputs, value('places')],
  };
  expect(whyGrowing(unplaced, ports)).toBe('');
});

it.each<[string, Partial<GraphFacts>, Partial<typeof ports>]>([
  ['keys and values of a layer are one tensor', {}, { combined: true }],
  ['the graph takes no attention mask', {}, { mask: 'other' }],
  [
    'the graph takes no positions and its attention makes none',
    { nodes: [{ ...attention, integers: new Map([['do_rotary', 0]]) }] },
    {},
  ],
  ['the graph gives the logits of one position only', { outputs: [value('logits', [null, 1, 9])] }, {}],
  [
    'other operators than GroupQueryAttention read it',
    { nodes: [attention, node('Shape', { inputs: ['past.k'] })] },
    {},
  ],
  ['other operators than GroupQueryAttention read it', { nested: [node('Shape', { inputs: ['past.v'] })] }, {}],
  ['other operators than GroupQueryAttention read it', { nodes: [node('Concat', { inputs: ['past.k', 'k'] })] }, {}],
  ['other operators than GroupQueryAttention read it', { nodes: [{ ...attention, domain: '' }] }, {}],
  ['other operators than GroupQueryAttention read it', { nodes: [] }, {}],
  [
    'the attention writes it elsewhere than it reads it',
    { nodes: [{ ...attention, outputs: ['y', 'present.v', 'present.k'] }] },
    {},
  ],
  [
    'the attention writes it elsewhere than it reads it',
    { nodes: [{ ...attention, inputs: ['q', 'past.k', 'v', 'k', 'past.v'] }] },
    {},
  ],
  ['other operators read it after the attention', { nodes: [attention, node('Cast', { inputs: ['present.k'] })] }, {}],
])('it grows where %s', (reason, facts, changes) => {
  expect(whyGrowing({ ...graph, ...facts }, { ...ports, ...changes })).toBe(reason);
});

const blocks = (level?: number) =>
  node('MatMulNBits', {
    integers: new Map([['bits', 4], ...(level === undefined ? [] : ([['accuracy_level', level]] as const))]),
  });

it.each<[string | null, NodeFacts]>([
  [null, node('MatMul')],
  [null, blocks(4)],
  ['MatMulNBits', blocks()],
  ['MatMulNBits', blocks(1)],
  ['DynamicQuantizeLinear', node('DynamicQuantizeLinear')],
  ['DynamicQuantizeMatMul', node('DynamicQuantizeMatMul')],
])('rows depend on others by %s', (op, one) => {
  const remark = companyRemark({ ...graph, nodes: [], nested: [one] });
  if (op === null) expect(remark).toBeNull();
  else expect(remark).toMatch(new RegExp(`^${op} computes a row otherwise in a batch than alone: .*\\.$`));
});

it.each([
  ['int4-weight', blocks()],
  ['int8', node('MatMulInteger')],
  ['fp32', node('MatMul')],
])('a graph that nothing names is %s by its products', (precision, one) => {
  expect(precisionOf({ ...graph, nodes: [attention, one] })).toBe(precision);
});
