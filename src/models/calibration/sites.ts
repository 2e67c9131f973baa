/** Where the range of an activation can be moved into weights: read off the drawn graph of an INT8 build. */
import { invariant } from '../../errors.js';
import type { Graph, GraphNode } from '../build/graph/graph-builder.js';
import type { Matrix, MatrixSource } from '../build/graph/matrix.js';
import { matrixRows } from '../build/graph/matrix.js';
import { type QuantisedLayer, quantisedLayers } from '../build/graph/quantised-layers.js';

/**
 * A quantised layer whose activation is made by something linear in weights: dividing those weights by a factor, and
 * multiplying the matrices' columns by it, leaves the model the same.
 */
export interface MigrationSite {
  readonly layer: QuantisedLayer;
  /** That read the activation. */
  readonly matrices: readonly Matrix[];
  /** Constant tensors whose rows make the activation: a norm's gain and bias, or a matrix. */
  readonly makers: readonly string[];
  /** Rows of the makers. */
  readonly rows: number;
  /** For each channel of the activation, the row that makes it; heads that share keys and values share rows. */
  readonly rowOf: Int32Array;
  /** Where the activation is attended values: the graph's output that caches them, whose channels are the last rows. */
  readonly cache?: string;
}

/** Inputs that are a norm's gain, and its bias where it has one. */
const normInputs: Readonly<Record<string, readonly number[]>> = {
  SimplifiedLayerNormalization: [1],
  SkipSimplifiedLayerNormalization: [2],
  LayerNormalization: [1, 2],
};

/** In the order in which they run. */
export function migrationSites(graph: Graph): readonly MigrationSite[] {
  const makers = new Map(graph.nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)));
  const matrices = new Map(
    graph.sources.flatMap((source) => ('matrix' in source ? [(source as MatrixSource).matrix] : [])).map(byName),
  );
  const tracing: Tracing = { makers, matrices };
  return quantisedLayers(graph).flatMap((layer) => {
    const node = makers.get(layer.input);
    const read = layer.matrices.map((name) => matrices.get(name));
    const [first] = read;
    if (node === undefined || first === undefined || !readsAlone(graph, layer)) return [];
    const made = makersOf(node, { ...tracing, channels: first.columns });
    return made === undefined ? [] : [{ layer, matrices: read as Matrix[], ...made }];
  });
}

function byName(matrix: Matrix): readonly [string, Matrix] {
  return [matrix.name, matrix];
}

/** Whether nothing else reads the activation. */
function readsAlone({ nodes, outputs }: Graph, { input, path }: QuantisedLayer): boolean {
  const others = nodes.filter(({ inputs, name }) => inputs.includes(input) && !name.startsWith(`${path}/`));
  return others.length === 0 && !outputs.some(({ name }) => name === input);
}

interface Tracing {
  readonly makers: ReadonlyMap<string, GraphNode>;
  readonly matrices: ReadonlyMap<string, Matrix>;
}

type Made = Pick<MigrationSite, 'makers' | 'rows' | 'rowOf' | 'cache'>;

function makersOf(node: GraphNode, tracing: Tracing & { readonly channels: number }): Made | undefined {
  const { channels } = tracing;
  const straight = { rows: channels, rowOf: Int32Array.from({ length: channels }, (_, channel) => channel) };
  const norm = normInputs[node.op];
  if (norm !== undefined) return { makers: norm.flatMap((index) => node.inputs[index] ?? []), ...straight };
  // What a factor on one of its inputs goes through: a product by the other input, and max(0, x).
  const factor = node.op === 'Mul' ? node.inputs[1] : node.op === 'Relu' ? node.inputs[0] : undefined;
  const matrix = factor === undefined ? undefined : matrixBehind(factor, tracing);
  if (matrix !== undefined) return { makers: [matrix.name], ...straight };
  return node.op === 'GroupQueryAttention' ? valuesOf(node, tracing) : undefined;
}

/** The rows that make the values: the last of the packed matrix. */
function valuesOf(node: GraphNode, tracing: Tracing & { readonly channels: number }): Made | undefined {
  const packed = matrixBehind(node.inputs[2] || node.inputs[0] || '', tracing);
  if (packed === undefined) return undefined;
  const [heads, kvHeads] = [Number(node.attributes.num_heads), Number(node.attributes.kv_num_heads)];
  const [rows, headDim] = [matrixRows(packed), tracing.channels / heads];
  invariant(rows === (heads + 2 * kvHeads) * headDim, `${packed.name} has the rows of queries, keys and values`);
  const first = rows - kvHeads * headDim;
  const rowOf = Int32Array.from({ length: tracing.channels }, (_, channel) => {
    const kvHead = Math.floor(Math.floor(channel / headDim) / (heads / kvHeads));
    return first + kvHead * headDim + (channel % headDim);
  });
  const cache = node.outputs[2];
  return { makers: [packed.name], rows, rowOf, ...(cache !== undefined && { cache }) };
}

/** The matrix whose product the value is, seen through row scale, bias and splitting. */
function matrixBehind(value: string, tracing: Tracing): Matrix | undefined {
  const node = tracing.makers.get(value);
  if (node?.op === 'MatMulIntegerToFloat') return tracing.matrices.get(node.inputs[1] ?? '');
  return node && ['Mul', 'Add', 'Split'].includes(node.op) ? matrixBehind(node.inputs[0] ?? '', tracing) : undefined;
}
