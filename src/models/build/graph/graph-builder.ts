/** Draws an ONNX graph node by node, and refuses at once what a runtime would only refuse when it loads the file. */
import { invariant } from '../../../errors.js';
import { constantPrefix, constantTensor, type ElementType, type TensorSource } from './tensor.js';

/** An integer attribute is a bigint, a float attribute a number. */
export type Attribute = bigint | number | string | readonly bigint[];

export interface GraphNode {
  readonly op: string;
  /** Empty for the ONNX standard's own operators. */
  readonly domain: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** An input or output of the graph; a dimension is a number or the name of one that varies. */
export interface GraphValue {
  readonly name: string;
  readonly type: ElementType;
  readonly dims: readonly (number | string)[];
}

export interface Graph {
  readonly nodes: readonly GraphNode[];
  readonly inputs: readonly GraphValue[];
  readonly outputs: readonly GraphValue[];
  readonly sources: readonly TensorSource[];
}

export interface NodeParts {
  /** Values in the operator's order; an empty string leaves an optional one out. */
  readonly inputs: readonly string[];
  /** Names for the outputs where `<node name>/output_0` would not do; an empty string leaves one out. */
  readonly outputs?: readonly string[] | undefined;
  readonly attributes?: Readonly<Record<string, Attribute>>;
}

/** Operators of ONNX Runtime's own domain. */
const contribOps = new Set([
  'BiasGelu',
  'FastGelu',
  'FusedMatMul',
  'GatherBlockQuantized',
  'GroupQueryAttention',
  'MatMulIntegerToFloat',
  'MatMulNBits',
  'QuickGelu',
  'RotaryEmbedding',
  'SkipSimplifiedLayerNormalization',
]);

export class GraphBuilder {
  readonly #nodes: GraphNode[] = [];
  readonly #inputs: GraphValue[] = [];
  readonly #outputs: GraphValue[] = [];
  readonly #sources: TensorSource[] = [];
  readonly #values = new Set<string>();
  readonly #nodeNames = new Set<string>();

  /** Declares an input of the graph and gives back its name. */
  input(value: GraphValue): string {
    this.#define(value.name);
    this.#inputs.push(value);
    return value.name;
  }

  /** Declares an output; a node must have made the value. */
  output(value: GraphValue): void {
    invariant(this.#values.has(value.name), `the output ${value.name} is made by a node`);
    this.#outputs.push(value);
  }

  /** An input that the caller may leave out: `value` stands for it then. */
  defaultedInput(name: string, value: bigint): string {
    const spec = { name, type: 'int64', dims: [] } as const;
    this.input(spec);
    this.#sources.push(constantTensor(spec, [value]));
    return name;
  }

  /** Adds constant tensors under their own names. */
  initializers(source: TensorSource): void {
    for (const tensor of source.tensors) this.#define(tensor.name);
    this.#sources.push(source);
  }

  /** The name of a small constant, made once however often it is asked for. No `dims`: a scalar. */
  constant(type: ElementType, values: readonly number[] | readonly bigint[], dims: readonly number[] = []): string {
    const name = `${constantPrefix}${type}${dims.length > 0 ? `[${dims}]` : ''}/${values.join('_')}`;
    if (!this.#values.has(name)) this.initializers(constantTensor({ name, type, dims }, values));
    return name;
  }

  /** Adds a node named `<path>/<op>` (and `_1`, `_2` … when taken); gives back its first output. */
  node(op: string, path: string, parts: NodeParts): string {
    for (const input of parts.inputs) {
      invariant(input === '' || this.#values.has(input), `${input}, read by ${path}/${op}, is made before it is read`);
    }
    const name = this.#freeName(`${path}/${op}`);
    const outputs = parts.outputs ?? [`${name}/output_0`];
    for (const output of outputs) if (output !== '') this.#define(output);
    const domain = contribOps.has(op) ? 'com.microsoft' : '';
    this.#nodes.push({ op, domain, name, inputs: parts.inputs, outputs, attributes: parts.attributes ?? {} });
    const first = outputs[0];
    invariant(first, `${name} has a first output`);
    return first;
  }

  finish(): Graph {
    return { nodes: this.#nodes, inputs: this.#inputs, outputs: this.#outputs, sources: this.#sources };
  }

  #define(name: string): void {
    invariant(!this.#values.has(name), `the value ${name} is defined once`);
    this.#values.add(name);
  }

  #freeName(wanted: string): string {
    let name = wanted;
    for (let i = 1; this.#nodeNames.has(name); i++) name = `${wanted}_${i}`;
    this.#nodeNames.add(name);
    return name;
  }
}
