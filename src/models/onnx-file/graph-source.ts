/** The parts of an ONNX file as they stand there, so that they can stand in another one (onnx.proto of ONNX 1.19). */
import { closeSync, openSync, readFileSync } from 'node:fs';
import type { NodeFacts, ValueFacts } from './graph-facts.js';
import { readGraphFile } from './inspect-graph.js';
import type { ProtoField } from './proto-fields.js';
import { asSpan, WireReader, type WireValue } from './wire-reader.js';

/** Something of the graph, and its bytes. */
export interface Piece<Facts> {
  readonly facts: Facts;
  readonly bytes: Uint8Array;
}

export interface GraphSource {
  /** Fields of the model beside its graph: versions, operator sets. */
  readonly header: readonly ProtoField[];
  readonly name: string;
  readonly nodes: readonly Piece<NodeFacts>[];
  readonly inputs: ReadonlyMap<string, Piece<ValueFacts>>;
  readonly outputs: ReadonlyMap<string, Piece<ValueFacts>>;
  /** Constants by name; `facts` are the bytes that they have, here or beside the file. */
  readonly initializers: ReadonlyMap<string, Piece<number>>;
  /** A node has graphs of its own, such as the branches of an If. */
  readonly isNested: boolean;
}

/** Reads a file that was inspected. Throws `invalid_model` where it is no ONNX file. */
export function readGraphSource(file: string): GraphSource {
  const { facts } = readGraphFile(file);
  const bytes = readFileSync(file);
  const sizes = new Map(facts.tensors.map((tensor) => [tensor.name, tensor.bytes]));
  const header: ProtoField[] = [];
  const raw = new Map<number, Uint8Array[]>();
  const names: string[] = [];
  walk(file, bytes.length, (reader, span) => {
    const cut = (value: WireValue) => bytes.subarray(asSpan(value).start, asSpan(value).end);
    reader.message(span, (field, value) => {
      if (field !== graphField) header.push([field, typeof value === 'bigint' ? value : cut(value)]);
      else
        reader.message(asSpan(value), (part, content) => {
          raw.set(part, [...(raw.get(part) ?? []), cut(content)]);
          if (part === fields.initializer) names.push(nameOf(reader, content));
        });
    });
  });
  const pieces = <Facts>(field: number, facts: readonly Facts[]) =>
    (raw.get(field) ?? []).map((piece, index): Piece<Facts> => ({ facts: facts[index]!, bytes: piece }));
  const byName = (field: number, facts: readonly ValueFacts[]) =>
    new Map(pieces(field, facts).map((piece) => [piece.facts.name, piece]));
  const sized = names.map((name) => sizes.get(name) ?? 0);
  return {
    header,
    name: Buffer.from(raw.get(fields.name)?.[0] ?? []).toString(),
    nodes: pieces(fields.node, facts.nodes),
    inputs: byName(fields.input, facts.inputs),
    outputs: byName(fields.output, facts.outputs),
    initializers: new Map(pieces(fields.initializer, sized).map((piece, index) => [names[index]!, piece])),
    isNested: facts.nested.length > 0,
  };
}

export const graphField = 7;
/** Of GraphProto. */
export const fields = { node: 1, name: 2, initializer: 5, input: 11, output: 12 } as const;

function walk(file: string, size: number, visit: (reader: WireReader, all: { start: number; end: number }) => void) {
  const descriptor = openSync(file, 'r');
  try {
    visit(new WireReader(descriptor, size), { start: 0, end: size });
  } finally {
    closeSync(descriptor);
  }
}

/** TensorProto: name (8). */
function nameOf(reader: WireReader, tensor: WireValue): string {
  let name = '';
  reader.message(asSpan(tensor), (field, value) => {
    if (field === 8) name = reader.text(value);
  });
  return name;
}
