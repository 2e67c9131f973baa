/** What transformers.js calls a precision, and how it names the file of a graph in it. */
import type { Precision } from '../../manifest.js';

interface Dtype {
  /** Value of `dtype` in its options. */
  readonly name: string;
  /** What it adds to a graph's name to find the file. */
  readonly suffix: string;
}

const dtypes: Readonly<Record<Precision, Dtype>> = {
  int8: { name: 'q8', suffix: '_quantized' },
  fp32: { name: 'fp32', suffix: '' },
  fp16: { name: 'fp16', suffix: '_fp16' },
  'int8-weight': { name: 'int8', suffix: '_int8' },
  'int4-weight': { name: 'q4', suffix: '_q4' },
  'int8-weight-fp16': { name: 'int8', suffix: '_int8' },
  'int4-weight-fp16': { name: 'q4f16', suffix: '_q4f16' },
};

export function dtypeName(precision: Precision): string {
  return dtypes[precision].name;
}

/** Path of a graph in a model folder; `graph` is its name in every precision, such as `model`. */
export function graphPath(graph: string, precision: Precision): string {
  return `onnx/${graph}${dtypes[precision].suffix}.onnx`;
}
