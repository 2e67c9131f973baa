/** Writes some nodes of a graph as a graph of their own: the same nodes, the same weights where they lie. */
import { fields, type GraphSource, graphField } from './graph-source.js';
import { type ProtoField, protoMessage } from './proto-fields.js';

/** Type and shape of a value; `null` in place of a dimension that varies. */
export interface ValueShape {
  /** `TensorProto.DataType`. */
  readonly type: number;
  readonly dims: readonly (number | null)[];
}

export interface GraphPart {
  /** By their numbers, in order. */
  readonly nodes: readonly number[];
  /** What other nodes make and these read: inputs of the part. */
  readonly takes: Iterable<string>;
  /** What these make, beside outputs of the whole graph, that is an output of the part. */
  readonly gives: readonly string[];
  /** Of what it takes. */
  readonly types: ReadonlyMap<string, ValueShape>;
}

/** An ONNX model; paths of external data are those of the file. */
export function encodePart(source: GraphSource, { nodes, takes, gives, types }: GraphPart): Uint8Array {
  const chosen = nodes.map((node) => source.nodes[node]!);
  const read = new Set(chosen.flatMap(({ facts }) => facts.inputs));
  const made = new Set(chosen.flatMap(({ facts }) => facts.outputs));
  const bytesOf = (pieces: ReadonlyMap<string, { readonly bytes: Uint8Array }>, names: ReadonlySet<string>) =>
    [...pieces].filter(([name]) => names.has(name)).map(([, { bytes }]) => bytes);
  const field =
    (number: number) =>
    (value: Uint8Array | string): ProtoField => [number, value];
  const graph = protoMessage([
    ...chosen.map(({ bytes }) => bytes).map(field(fields.node)),
    [fields.name, source.name],
    ...bytesOf(source.initializers, read).map(field(fields.initializer)),
    ...bytesOf(source.inputs, read).map(field(fields.input)),
    ...[...takes].map((name) => valueInfo(name, types.get(name))).map(field(fields.input)),
    ...bytesOf(source.outputs, made).map(field(fields.output)),
    // ONNX Runtime knows the types of what it computes.
    ...gives.map((name) => valueInfo(name)).map(field(fields.output)),
  ]);
  return protoMessage([...source.header, [graphField, graph]]);
}

/** ValueInfoProto: name (1), type (2), in it tensor_type (1), in it elem_type (1) and shape (2) of dimensions (1). */
function valueInfo(name: string, type?: ValueShape): Uint8Array {
  if (type === undefined) return protoMessage([[1, name]]);
  const dims = type.dims.map((size): ProtoField => [1, protoMessage(size === null ? [] : [[1, BigInt(size)]])]);
  const tensor = protoMessage([
    [1, BigInt(type.type)],
    [2, protoMessage(dims)],
  ]);
  return protoMessage([
    [1, name],
    [2, protoMessage([[1, tensor]])],
  ]);
}
