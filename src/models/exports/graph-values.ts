/** Looks up what a graph of others declares of its inputs and outputs. */
import { OctavoError } from '../../errors.js';
import type { GraphFacts, ValueFacts } from '../onnx-file/graph-facts.js';

/** `TensorProto.DataType` */
const elementTypes = { float32: 1, int32: 6, int64: 7, float16: 10 } as const;

const typeNames: ReadonlyMap<number | null, string> = new Map([
  ...Object.entries(elementTypes).map(([name, type]): [number, string] => [type, name]),
  [9, 'bool'],
  [11, 'float64'],
  [16, 'bfloat16'],
]);

/** A thousand layers have four thousand. */
const maxValues = 8192;

/** The inputs that a step must give: old files list their constants among them. Throws `invalid_model` for too many. */
export function givenInputs({ inputs, outputs, tensors }: GraphFacts): readonly ValueFacts[] {
  const constants = new Set(tensors.map(({ name }) => name));
  const given = inputs.filter(({ name }) => !constants.has(name));
  if (given.length <= maxValues && outputs.length <= maxValues) return given;
  const message = `The graph has ${given.length} inputs and ${outputs.length} outputs; at most ${maxValues} of each are allowed.`;
  throw new OctavoError('invalid_model', message);
}

/** Throws `unsupported_model` for an input that is not among those that a step knows to fill. */
export function refuseOtherInputs(inputs: readonly ValueFacts[], known: readonly string[]): void {
  const names = new Set(known);
  const other = inputs.find(({ name }) => !names.has(name));
  if (other === undefined) return;
  throw new OctavoError('unsupported_model', `The graph has the input "${other.name}", which nothing here can fill.`);
}

/** Throws `unsupported_model` naming the type that it has. */
export function requireFloat32({ name, type }: ValueFacts): void {
  if (type === elementTypes.float32) return;
  const message = `"${name}" of the graph is ${typeNames.get(type) ?? `of element type ${type}`}; served are graphs`;
  throw new OctavoError('unsupported_model', `${message} with a float32 cache and output: choose another variant.`);
}

/** The one type of ids, masks and positions. Throws `unsupported_model`. */
export function integerType(inputs: readonly ValueFacts[]): 'int64' | 'int32' {
  const types = new Set(inputs.map(({ type }) => type));
  if (types.size === 1 && types.has(elementTypes.int64)) return 'int64';
  if (types.size === 1 && types.has(elementTypes.int32)) return 'int32';
  const found = inputs.map(({ name, type }) => `${name} ${typeNames.get(type) ?? type}`).join(', ');
  throw new OctavoError('unsupported_model', `Ids, mask and positions must be all int64 or all int32: ${found}.`);
}

/** Throws `invalid_model` with what there is. */
export function requireValue(values: readonly ValueFacts[], name: string, kind: 'input' | 'output'): ValueFacts {
  const value = values.find((one) => one.name === name);
  if (value !== undefined) return value;
  const found = values.map((one) => one.name).join(', ');
  throw new OctavoError('invalid_model', `The graph has no ${kind} "${name}"; it has ${found}.`);
}
