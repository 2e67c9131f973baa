/**
 * Whether past and present of a graph by others may be the same memory: where nothing but `GroupQueryAttention` touches
 * them. That operator appends to the cache that it is given, each row at its own length; whatever else read the past,
 * its shape included, would see the whole memory.
 */
import type { CacheNames, DecoderPorts } from '../decoder/decoder-ports.js';
import type { GraphFacts, NodeFacts } from '../onnx-file/graph-facts.js';

/** Places among the operator's inputs, and among its outputs. */
const [pastInputs, presentOutputs] = [
  [3, 4],
  [1, 2],
];

/** Why the cache must grow instead, to stand in brackets; empty: it need not. */
export function whyGrowing(
  facts: GraphFacts,
  ports: Pick<DecoderPorts, 'mask' | 'positions' | 'logits' | 'cache' | 'combined'>,
): string {
  const has = (input: string) => facts.inputs.some(({ name }) => name === input);
  const attentions = facts.nodes.filter(isAttention);
  if (ports.combined) return 'keys and values of a layer are one tensor';
  if (!has(ports.mask)) return 'the graph takes no attention mask';
  // A place that follows from the longest row would be wrong for the others.
  if (!has(ports.positions) && !attentions.every(({ integers }) => integers.get('do_rotary') === 1)) {
    return 'the graph takes no positions and its attention makes none';
  }
  // Rows are padded together, and the last token of one is not the last of all.
  const kept = facts.outputs.find(({ name }) => name === ports.logits)?.dims[1] ?? null;
  if (kept !== null) return 'the graph gives the logits of one position only';
  return whyNotAlone(facts, ports.cache);
}

/** Why other operators than the attention have to do with the cache; empty: they have not. */
function whyNotAlone({ nodes, nested }: GraphFacts, { past, present }: CacheNames): string {
  const readers = new Map<string, NodeFacts[]>([...past, ...present].map((name) => [name, []]));
  for (const node of [...nodes, ...nested]) {
    for (const input of node.inputs) readers.get(input)?.push(node);
  }
  for (const [index, name] of past.entries()) {
    const [node, ...others] = readers.get(name) ?? [];
    if (node === undefined || others.length > 0 || !isAttention(node)) {
      return 'other operators than GroupQueryAttention read it';
    }
    const place = index % 2;
    const inPlace = node.inputs[pastInputs[place]!] === name && node.outputs[presentOutputs[place]!] === present[index];
    if (!inPlace) return 'the attention writes it elsewhere than it reads it';
  }
  const isRead = present.some((name) => (readers.get(name) ?? []).length > 0);
  return isRead ? 'other operators read it after the attention' : '';
}

function isAttention({ op, domain }: NodeFacts): boolean {
  return op === 'GroupQueryAttention' && domain === 'com.microsoft';
}
