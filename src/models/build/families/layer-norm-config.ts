/** What the families in GPT-2's line check alike: sizes that fit together, functions that are known. */
import type { Manifest } from '../../manifest.js';
import type { Nonlinearity } from '../graph/nonlinearity.js';
import { check, refuse, refuseHeadSize } from './config-fields.js';

/** Values of one matrix: what a typed array of this many float32 can hold on every supported Node. */
const maxMatrixValues = 2 ** 30;

export interface LayerNormSizes {
  readonly layers: number;
  readonly hidden: number;
  readonly heads: number;
  readonly intermediate: number;
  readonly vocab: number;
  readonly context: number;
}

/** The manifest's shape; every head has keys and values of its own. Throws `invalid_model` for sizes that do not fit. */
export function layerNormShape(sizes: LayerNormSizes): Manifest['shape'] {
  const { layers, hidden, heads, intermediate, vocab, context } = sizes;
  const headDim = hidden / heads;
  check(Number.isInteger(headDim), `${heads} attention heads do not divide a hidden size of ${hidden}.`);
  refuseHeadSize(headDim);
  const largest = hidden * Math.max(vocab, 3 * hidden, intermediate, context);
  check(largest <= maxMatrixValues, `a matrix would hold ${largest} values; at most ${maxMatrixValues} are allowed.`);
  return { layers, hidden, heads, kvHeads: heads, headDim, vocab, context };
}

const nonlinearities: ReadonlyMap<string, Nonlinearity> = new Map([
  ['gelu', 'gelu'],
  ['gelu_new', 'gelu-tanh'],
  ['gelu_fast', 'gelu-tanh'],
  ['gelu_pytorch_tanh', 'gelu-tanh'],
  ['relu', 'relu'],
]);

/** The function that `field` of config.json names. Throws `unsupported_model` with the names there are. */
export function readNonlinearity(field: string, name: string): Nonlinearity {
  const known = [...nonlinearities.keys()].join(', ');
  return nonlinearities.get(name) ?? refuse(`${field} ${name} is not supported; supported are: ${known}.`);
}
