/** Cuts a decoder's graph into groups of layers that run one after the other: the same nodes, the same weights where they lie. */
import { counted } from '../../counted.js';
import { OctavoError } from '../../errors.js';
import { encodePart, type ValueShape } from './encode-part.js';
import { type GraphSource, readGraphSource } from './graph-source.js';

export interface LayerGroup {
  /** Layers from `first` up to `end`, which is not in it. */
  readonly first: number;
  readonly end: number;
  /** Activations that it has from groups before it, and that it leaves to those after it. */
  readonly takes: readonly string[];
  readonly gives: readonly string[];
  /** An ONNX model of it; paths of external data are those of the file. `types`: of what it takes. */
  encode(types: ReadonlyMap<string, ValueShape>): Uint8Array;
}

/**
 * A layer is the attention that reads a layer's cache and all that depends on it, up to the next layer's attention. So the graph is
 * cut in front of an attention, where its inputs and the residual stream cross. What depends on no cache (lengths and positions)
 * is computed in every group that needs it. Groups have about the same bytes of weights. `past`: of each layer the inputs that
 * are its cache. Throws `unsupported_model`.
 */
export function splitGraph(
  file: string,
  past: readonly (readonly string[])[],
  count: number,
): readonly [LayerGroup, ...LayerGroup[]] {
  const source = readGraphSource(file);
  if (source.isNested) throw refusal('its graph has branches');
  if (past.length < count) throw refusal(`it has ${counted(past.length, 'layer')}, and ${count} devices are named`);
  const levels = levelsOf(source, past);
  const ends = chooseEnds(source, levels, { layers: past.length, count });
  const parts = ends.map((end, index) => selectNodes(source, levels, { first: ends[index - 1] ?? 0, end }));
  const taken = new Set(parts.flatMap(({ takes }) => [...takes]));
  const groups = parts.map(({ first, end, nodes, takes }) => {
    const made = nodes.flatMap((node) => source.nodes[node]!.facts.outputs);
    const gives = made.filter((name) => taken.has(name) && !takes.has(name) && levels.made.get(name)! >= 0);
    const encode: LayerGroup['encode'] = (types) => encodePart(source, { nodes, takes, gives, types });
    return { first, end, takes: [...takes], gives, encode };
  });
  return groups as unknown as readonly [LayerGroup, ...LayerGroup[]];
}

interface Levels {
  /** The last layer whose cache each node depends on; -1: none. */
  readonly nodes: readonly number[];
  /** The same of each tensor that a node makes, and of the caches. */
  readonly made: ReadonlyMap<string, number>;
}

/** Nodes of an ONNX file stand in an order in which they can be computed. */
function levelsOf({ nodes }: GraphSource, past: readonly (readonly string[])[]): Levels {
  const made = new Map(past.flatMap((names, layer) => names.map((name) => [name, layer] as const)));
  const levels = nodes.map(({ facts }) => {
    const level = Math.max(-1, ...facts.inputs.map((name) => made.get(name) ?? -1));
    for (const output of facts.outputs) if (output !== '') made.set(output, level);
    return level;
  });
  return { nodes: levels, made };
}

/** The layers at which groups end, so that their weights are as alike as whole layers allow. */
function chooseEnds(
  source: GraphSource,
  levels: Levels,
  { layers, count }: { layers: number; count: number },
): number[] {
  const bytes = new Array<number>(layers).fill(0);
  source.nodes.forEach(({ facts }, node) => {
    // What comes before the first attention is in the first group.
    const layer = Math.max(0, levels.nodes[node]!);
    for (const name of facts.inputs) bytes[layer]! += source.initializers.get(name)?.facts ?? 0;
  });
  const total = bytes.reduce((sum, size) => sum + size, 0);
  const ends: number[] = [];
  let sum = 0;
  for (let layer = 0; layer < layers && ends.length < count - 1; layer++) {
    sum += bytes[layer]!;
    const [share, left] = [(total * (ends.length + 1)) / count, count - 1 - ends.length];
    const nearest = sum + (bytes[layer + 1] ?? 0) / 2 >= share;
    // Every group after it has a layer.
    if (nearest || layers - (layer + 1) === left) ends.push(layer + 1);
  }
  return [...ends, layers];
}

function selectNodes(source: GraphSource, levels: Levels, { first, end }: { first: number; end: number }) {
  const makers = new Map(source.nodes.flatMap(({ facts }, node) => facts.outputs.map((name) => [name, node] as const)));
  const inside = (node: number) => levels.nodes[node]! >= first && levels.nodes[node]! < end;
  const chosen = new Set([...source.nodes.keys()].filter(inside));
  const takes = new Set<string>();
  // A set is visited in the order of its growth: what is added is looked at, too.
  for (const node of chosen) {
    for (const name of source.nodes[node]!.facts.inputs) {
      const maker = makers.get(name);
      // An input that is left out has an empty name, and so has an output.
      if (name === '' || maker === undefined || chosen.has(maker)) continue;
      if (levels.nodes[maker] === -1) chosen.add(maker);
      else takes.add(name);
    }
  }
  return { first, end, nodes: [...chosen].sort((a, b) => a - b), takes };
}

function refusal(reason: string): OctavoError {
  return new OctavoError('unsupported_model', `The model cannot be cut into groups of layers: ${reason}.`);
}
