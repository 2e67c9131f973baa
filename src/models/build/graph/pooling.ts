/** From the states of a text's tokens to one vector: pooling and normalisation, as sentence-transformers does them. */
import type { EncoderInputs } from './encoder-inputs.js';
import type { GraphContext } from './graph-context.js';

/** The first token; the mean, or the sum over the square root of their number; the largest of each channel; the last token. */
export type Pooling = 'cls' | 'mean' | 'mean-sqrt' | 'max' | 'last';

export interface PoolingUse {
  /** float32 [batch_size, sequence_length, hidden] */
  readonly states: string;
  readonly inputs: EncoderInputs;
  readonly pooling: Pooling;
}

/** float32 [batch_size, hidden]; padding counts for nothing. */
export function pool(context: GraphContext, path: string, use: PoolingUse): string {
  const { builder } = context;
  switch (use.pooling) {
    case 'cls': {
      const first = builder.constant('int64', [0n]);
      return builder.node('Gather', path, { inputs: [use.states, first], attributes: { axis: 1n } });
    }
    case 'last':
      return builder.node('GatherND', path, {
        inputs: [use.states, use.inputs.lastPosition],
        attributes: { batch_dims: 1n },
      });
    case 'max':
      return largest(context, path, use);
    case 'mean':
    case 'mean-sqrt':
      return mean(context, path, use);
  }
}

/** Rows divided by their length. A row of zeros stays one. */
export function normalise({ builder }: GraphContext, path: string, x: string): string {
  return builder.node('LpNormalization', path, { inputs: [x], attributes: { axis: -1n, p: 2n } });
}

/** As a product with the mask, [batch_size, 1, sequence_length], which sums the tokens of each text by itself. */
function mean({ builder }: GraphContext, path: string, { states, inputs, pooling }: PoolingUse): string {
  const mask = builder.node('Cast', path, { inputs: [inputs.mask], attributes: { to: floatType } });
  const lastAxis = builder.constant('int64', [-1n], [1]);
  const count = builder.node('ReduceSum', path, { inputs: [mask, lastAxis], attributes: { keepdims: 1n } });
  const middleAxis = builder.constant('int64', [1n], [1]);
  const row = builder.node('Unsqueeze', path, { inputs: [mask, middleAxis] });
  const product = builder.node('MatMul', path, { inputs: [row, states] });
  const sum = builder.node('Squeeze', path, { inputs: [product, middleAxis] });
  const divisor = pooling === 'mean' ? count : builder.node('Sqrt', path, { inputs: [count] });
  return builder.node('Div', path, { inputs: [sum, divisor] });
}

function largest({ builder }: GraphContext, path: string, { states, inputs }: PoolingUse): string {
  const real = builder.node('Cast', path, { inputs: [inputs.mask], attributes: { to: boolType } });
  const column = builder.node('Unsqueeze', path, { inputs: [real, builder.constant('int64', [-1n], [1])] });
  const lowest = builder.constant('float32', [-3.4e38]);
  const kept = builder.node('Where', path, { inputs: [column, states, lowest] });
  return builder.node('ReduceMax', path, {
    inputs: [kept, builder.constant('int64', [1n], [1])],
    attributes: { keepdims: 0n },
  });
}

/** TensorProto.DataType.FLOAT and BOOL */
const floatType = 1n;
const boolType = 9n;
