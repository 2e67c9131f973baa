/** Token embeddings. */
import { addBlocks, gatherBlocks, vocabularyBits } from './block-matrix.js';
import type { GraphContext } from './graph-context.js';
import { addFloatRows, expectMatrix } from './linear.js';
import { int8Rows, type Matrix, scaleName } from './matrix.js';

export interface EmbeddingUse {
  /** int64 [batch_size, sequence_length] */
  readonly ids: string;
  readonly matrix: Matrix;
  /** Factor on the embeddings. */
  readonly scale?: number;
}

/** float32 [batch_size, sequence_length, columns]: the rows of `matrix` for `ids`; in int8 each row has a scale of its own. */
export function embedding(context: GraphContext, path: string, use: EmbeddingUse): string {
  const { builder } = context;
  const rows = embeddingRows(context, path, use);
  if (use.scale === undefined) return rows;
  return builder.node('Mul', path, { inputs: [rows, builder.constant('float32', [use.scale])] });
}

function embeddingRows(context: GraphContext, path: string, use: EmbeddingUse): string {
  const { builder } = context;
  const { ids, matrix } = use;
  if (context.precision === 'fp32') {
    addFloatRows(context, matrix);
    return builder.node('Gather', path, { inputs: [matrix.name, ids] });
  }
  expectMatrix(context, matrix);
  const bits = vocabularyBits(context.precision);
  if (bits !== undefined) {
    addBlocks(context, matrix, bits);
    return gatherBlocks(context, path, { ids, matrix, bits });
  }
  builder.initializers(int8Rows(context.weights, matrix, context.weightLimit));
  const rows = builder.node('Gather', path, { inputs: [matrix.name, ids] });
  const scales = builder.node('Gather', `${path}/scale`, { inputs: [scaleName(matrix), ids] });
  const wide = builder.node('Cast', path, { inputs: [rows], attributes: { to: floatType } });
  return builder.node('Mul', path, { inputs: [wide, scales] });
}

/** TensorProto.DataType.FLOAT */
const floatType = 1n;
