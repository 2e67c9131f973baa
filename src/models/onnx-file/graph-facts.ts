/** What an ONNX file says of its graph: operators, inputs, outputs, constant tensors (onnx.proto of ONNX 1.19). */
import { readTensor, type TensorFacts } from './tensor-facts.js';
import { asSpan, type Span, WireError, type WireReader, type WireValue } from './wire-reader.js';

export interface NodeFacts {
  readonly op: string;
  /** Empty for the ONNX standard's own operators. */
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Its attributes that are whole numbers, by name. */
  readonly integers: ReadonlyMap<string, number>;
}

/** An input or output: `null` in place of a dimension that varies, or of a type that is no tensor. */
export interface ValueFacts {
  readonly name: string;
  /** `TensorProto.DataType`. */
  readonly type: number | null;
  readonly dims: readonly (number | null)[];
}

export interface GraphFacts {
  /** Of the graph itself. Nodes inside of nodes (the branches of an If) are among `nested`. */
  readonly nodes: NodeFacts[];
  readonly nested: NodeFacts[];
  readonly inputs: ValueFacts[];
  readonly outputs: ValueFacts[];
  /** Initializers and the tensors in attributes, of every depth. */
  readonly tensors: TensorFacts[];
}

const maxNodes = 500_000;
const maxDepth = 8;

/** Throws `WireError`. */
export function readGraph(reader: WireReader): GraphFacts {
  const facts: GraphFacts = { nodes: [], nested: [], inputs: [], outputs: [], tensors: [] };
  let graph: Span | null = null;
  reader.message({ start: 0, end: reader.size }, (field, value) => {
    if (field === 25) throw new WireError('it defines functions of its own; export it with its functions inlined');
    if (field !== 7) return;
    if (graph !== null) throw new WireError('it has two graphs');
    graph = asSpan(value);
  });
  if (graph === null) throw new WireError('it is no ONNX model: it has no graph');
  new GraphReader(reader, facts).read(graph, 0);
  return facts;
}

class GraphReader {
  readonly #reader: WireReader;
  readonly #facts: GraphFacts;

  constructor(reader: WireReader, facts: GraphFacts) {
    this.#reader = reader;
    this.#facts = facts;
  }

  read(graph: Span, depth: number): void {
    if (depth > maxDepth) throw new WireError(`its graphs are nested deeper than ${maxDepth} levels`);
    this.#reader.message(graph, (field, value) => {
      if (field === 1) this.#addNode(asSpan(value), depth);
      else if (field === 5) this.#facts.tensors.push(readTensor(this.#reader, asSpan(value)));
      else if (field === 15) throw new WireError('it has sparse tensors, which are not supported');
      else if (depth === 0 && field === 11) this.#facts.inputs.push(this.#value(asSpan(value)));
      else if (depth === 0 && field === 12) this.#facts.outputs.push(this.#value(asSpan(value)));
    });
  }

  #addNode(span: Span, depth: number): void {
    const integers = new Map<string, number>();
    const node = { op: '', domain: '', inputs: [] as string[], outputs: [] as string[], integers };
    this.#reader.message(span, (field, value) => {
      if (field === 1) node.inputs.push(this.#reader.text(value));
      else if (field === 2) node.outputs.push(this.#reader.text(value));
      else if (field === 4) node.op = this.#reader.text(value);
      else if (field === 5) this.#attribute(asSpan(value), depth, integers);
      else if (field === 7) node.domain = this.#reader.text(value);
    });
    const list = depth === 0 ? this.#facts.nodes : this.#facts.nested;
    list.push({ ...node, domain: node.domain === 'ai.onnx' ? '' : node.domain });
    if (list.length > maxNodes) throw new WireError(`it has more than ${maxNodes} nodes`);
  }

  /** Name (1), whole number (3), tensors (5, 10) and graphs (6, 11) of an attribute; a message that came twice would be merged with the first. */
  #attribute(span: Span, depth: number, integers: Map<string, number>): void {
    const seen = new Set<number>();
    let [name, integer] = ['', null as number | null];
    this.#reader.message(span, (field, value) => {
      if ((field === 5 || field === 6) && seen.has(field)) throw new WireError('an attribute in it has two values');
      seen.add(field);
      if (field === 1) name = this.#reader.text(value);
      else if (field === 3) integer = Number(value);
      else if (field === 5 || field === 10) this.#facts.tensors.push(readTensor(this.#reader, asSpan(value)));
      else if (field === 6 || field === 11) this.read(asSpan(value), depth + 1);
      else if (field === 22 || field === 23) throw new WireError('it has sparse tensors, which are not supported');
    });
    if (integer !== null) integers.set(name, integer);
  }

  /** ValueInfoProto: name (1), type (2), in it tensor_type (1), in it elem_type (1) and shape (2). */
  #value(span: Span): ValueFacts {
    const fact = { name: '', type: null as number | null, dims: [] as (number | null)[] };
    const inside = (value: WireValue, visit: (field: number, value: WireValue) => void) =>
      this.#reader.message(asSpan(value), visit);
    inside(span, (field, value) => {
      if (field === 1) fact.name = this.#reader.text(value);
      if (field !== 2) return;
      inside(value, (kind, tensor) => {
        if (kind !== 1) return;
        inside(tensor, (part, content) => {
          if (part === 1) fact.type = Number(content);
          else if (part === 2) inside(content, (_, dim) => fact.dims.push(this.#dimension(asSpan(dim))));
        });
      });
    });
    return fact;
  }

  #dimension(span: Span): number | null {
    let size: number | null = null;
    this.#reader.message(span, (field, value) => {
      if (field === 1) size = Number(value);
    });
    return size;
  }
}
