/**
 * A decoder's graph that is given what it otherwise computes of its mask and its ids: lengths, and the positions whose logits are
 * wanted. So nothing in it depends on a shape that changes from step to step.
 */
import { encodePart } from './encode-part.js';
import { type GraphSource, readGraphSource } from './graph-source.js';

/** Names of inputs. */
export interface LengthInputs {
  /** int32 [rows, 1]: of each row the tokens in the cache after the step, minus one. */
  readonly last: string;
  /** int32 [1]: the most tokens in the cache of a row after the step. */
  readonly total: string;
  /** int64 [rows, positions, 1]: the tokens of the step whose logits are wanted. */
  readonly kept: string;
}

export interface GivenLengths {
  readonly inputs: LengthInputs;
  /** Tokens that a token sees at least, in every layer; `Infinity`: all. */
  readonly window: number;
  /** An ONNX model of the same nodes, without those that only computed these inputs; paths of external data are those of the file. */
  readonly graph: Uint8Array;
}

/** TensorProto.DataType */
const [int32, int64] = [6, 7];

/** `null` for a graph that is not as `octavo build` draws decoders. Throws `invalid_model` where the file is no ONNX file. */
export function withGivenLengths(file: string): GivenLengths | null {
  const source = readGraphSource(file);
  const inputs = source.isNested ? null : findLengths(source);
  if (inputs === null) return null;
  const types = new Map([
    [inputs.last, { type: int32, dims: [null, 1] }],
    [inputs.total, { type: int32, dims: [1] }],
    [inputs.kept, { type: int64, dims: [null, null, 1] }],
  ]);
  const nodes = nodesBehind(source, new Set(types.keys()));
  const graph = encodePart(source, { nodes, takes: types.keys(), gives: [], types });
  return { inputs, window: narrowestWindow(source), graph };
}

/** What every attention takes as its inputs 5 and 6, and the one choice of positions as its indices. */
function findLengths({ nodes }: GraphSource): LengthInputs | null {
  const attentions = nodes.filter(({ facts }) => facts.op === 'GroupQueryAttention');
  const [choice, ...others] = nodes.filter(({ facts }) => facts.op === 'GatherND');
  const [last, ...otherLasts] = new Set(attentions.map(({ facts }) => facts.inputs[5]));
  const [total, ...otherTotals] = new Set(attentions.map(({ facts }) => facts.inputs[6]));
  const kept = choice?.facts.integers.get('batch_dims') === 1 ? choice.facts.inputs[1] : undefined;
  const isAmbiguous = others.length + otherLasts.length + otherTotals.length > 0;
  return last && total && kept && !isAmbiguous ? { last, total, kept } : null;
}

function narrowestWindow({ nodes }: GraphSource): number {
  const windows = nodes.map(({ facts }) => facts.integers.get('local_window_size') ?? -1);
  return Math.min(Infinity, ...windows.filter((window) => window > 0));
}

/** Those that the graph's outputs depend on, in order, as far as `given`. */
function nodesBehind({ nodes, outputs }: GraphSource, given: ReadonlySet<string>): readonly number[] {
  const makers = new Map(nodes.flatMap(({ facts }, node) => facts.outputs.map((name) => [name, node] as const)));
  const makersOf = (names: Iterable<string>) =>
    [...names].filter((name) => name !== '' && !given.has(name)).flatMap((name) => makers.get(name) ?? []);
  const chosen = new Set(makersOf(outputs.keys()));
  // A set is visited in the order of its growth.
  for (const node of chosen) for (const maker of makersOf(nodes[node]!.facts.inputs)) chosen.add(maker);
  return [...chosen].sort((a, b) => a - b);
}
