/** Writes ONNX files field by field, good ones and hostile ones: numbers are those of onnx.proto. */

export type Field = readonly [number: number, value: bigint | string | Uint8Array];

/** A protobuf message: bigints as varints, texts and bytes with their length. */
export function message(...fields: readonly Field[]): Buffer {
  return Buffer.concat(
    fields.map(([number, value]) => {
      if (typeof value === 'bigint') return Buffer.concat([varint(BigInt(number * 8)), varint(value)]);
      const bytes = Buffer.from(value);
      return Buffer.concat([varint(BigInt(number * 8 + 2)), varint(BigInt(bytes.length)), bytes]);
    }),
  );
}

export function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  for (let rest = BigInt.asUintN(64, value); ; rest >>= 7n) {
    if (rest < 0x80n) return Buffer.from([...bytes, Number(rest)]);
    bytes.push(Number(rest & 0x7fn) | 0x80);
  }
}

export function node(op: string, { domain = '', attributes = [] as readonly Buffer[] } = {}): Buffer {
  const fields = attributes.map((bytes): Field => [5, bytes]);
  return message([1, 'x'], [2, 'y'], [4, op], ...fields, ...(domain ? ([[7, domain]] as const) : []));
}

interface Tensor {
  readonly type?: number;
  readonly dims?: readonly bigint[];
  readonly raw?: Uint8Array;
  /** Entries of external data. */
  readonly external?: Readonly<Record<string, string>>;
  readonly more?: readonly Field[];
}

/** A TensorProto: float32 unless told otherwise. */
export function tensor({ type = 1, dims = [], raw, external, more = [] }: Tensor): Buffer {
  const entries = Object.entries(external ?? {}).map(([key, value]): Field => [13, message([1, key], [2, value])]);
  return message(
    ...dims.map((dim): Field => [1, dim]),
    [2, BigInt(type)],
    [8, 'w'],
    ...(raw ? ([[9, raw]] as const) : []),
    ...entries,
    ...(external ? ([[14, 1n]] as const) : []),
    ...more,
  );
}

export interface WireGraph {
  readonly nodes?: readonly Buffer[];
  readonly tensors?: readonly Buffer[];
  /** Further fields of the graph, and of the model around it. */
  readonly graph?: readonly Field[];
  readonly model?: readonly Field[];
}

/** A model whose graph is one Identity, unless told otherwise. */
export function onnxFile({ nodes = [node('Identity')], tensors = [], graph = [], model = [] }: WireGraph = {}): Buffer {
  const body = message(
    ...nodes.map((bytes): Field => [1, bytes]),
    ...tensors.map((bytes): Field => [5, bytes]),
    ...graph,
  );
  return message([1, 8n], [7, body], ...model);
}
