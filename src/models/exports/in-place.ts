/**
 * Whether past and present of a graph by others may be the same memory: where nothing but `GroupQueryAttention` touches
 * them. That operator appends to the cache that it is given, each row at its own length; whatever else read the past,
 * its shape included, would see the whole memory.
 */
import type { DecoderPorts } from '../decoder/decoder-ports.js';
import type { GraphFacts, NodeFacts } from '../onnx-file/graph-facts.js';

/** Places among the operator's inputs, and among its outputs. */
const [pastInputs, presentOutputs] = [
  [3, 4],
  [1, 2],
];

/** Why the cache must grow instead, to stand in brackets; empty: it need not. */
export function whyGrowing(
  facts: GraphFacts,
  ports: Pick<DecoderPorts, 'mask' | 'logits' | 'cache' | 'combined'>,
): string {
  const { past, present } = ports.cache;
  if (ports.combined) return 'keys and values of a layer are one tensor';
  if (!facts.inputs.some(({ name }) => name === ports.mask)) return 'the graph takes no attention mask';
  // Rows are padded together, and the last token of one is not the last of all.
  const kept = facts.outputs.find(({ name }) => name === ports.logits)?.dims[1] ?? null;
  if (kept !== null) return 'the graph gives the logits of one position only';
  const readers = new Map<string, NodeFacts[]>();
  for (const node of [...facts.nodes, ...facts.nested]) {
    for (const input of node.inputs) readers.set(input, [...(readers.get(input) ?? []), node]);
  }
  for (const [index, name] of past.entries()) {
    const [node, ...others] = readers.get(name) ?? [];
    if (node === undefined || others.length > 0 || !isAttention(node))
      return 'other operators than GroupQueryAttention read it';
    const place = index % 2;
    const inPlace = node.inputs[pastInputs[place]!] === name && node.outputs[presentOutputs[place]!] === present[index];
    if (!inPlace) return 'the attention writes it elsewhere than it reads it';
  }
  return present.some((name) => readers.has(name)) ? 'other operators read it after the attention' : '';
}

function isAttention({ op, domain }: NodeFacts): boolean {
  return op === 'GroupQueryAttention' && domain === 'com.microsoft';
}
