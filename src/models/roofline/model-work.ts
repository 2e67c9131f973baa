/** What a model's matrix products must read and compute at least: the work that a roofline holds against the machine. */
import { blockColumns } from '../build/weights/quantise-blocks.js';
import type { GraphFacts, NodeFacts } from '../onnx-file/graph-facts.js';
import type { TensorFacts } from '../onnx-file/tensor-facts.js';

export interface ModelWork {
  /** Bytes of the constants that the products of one step read: matrices with scales, not embeddings and caches. */
  readonly weightBytes: number;
  /** Multiplications of 8-bit integers for each token that goes through the layers; none in float32. */
  readonly macsPerToken: number;
  /** And for each row whose logits are wanted. */
  readonly macsPerLogits: number;
}

const floatProducts = ['MatMul', 'Gemm', 'FusedMatMul'];
const integerProducts = ['MatMulInteger', 'MatMulIntegerToFloat', 'DynamicQuantizeMatMul'];
/** Its weights are in blocks, and it quantises activations itself (accuracy level 4). */
const blockProduct = 'MatMulNBits';

/** `vocab`: the product with a matrix of so many rows or columns is the head. */
export function workOf(facts: Pick<GraphFacts, 'nodes' | 'tensors'>, vocab: number): ModelWork {
  const tensors = new Map(facts.tensors.map((tensor) => [tensor.name, tensor]));
  const work = { weightBytes: 0, macsPerToken: 0, macsPerLogits: 0 };
  for (const node of facts.nodes) {
    const matrix = tensors.get(node.inputs[1] ?? '');
    // Without a constant matrix it is attention's.
    if (!isProduct(node) || matrix === undefined) continue;
    for (const name of node.inputs) work.weightBytes += tensors.get(name)?.bytes ?? 0;
    const part = matrix.dims.includes(vocab) ? 'macsPerLogits' : 'macsPerToken';
    work[part] += integerMacs(node, matrix);
  }
  return work;
}

function isProduct({ op }: NodeFacts): boolean {
  return op === blockProduct || floatProducts.includes(op) || integerProducts.includes(op);
}

/** Of one row of activations. */
function integerMacs({ op }: NodeFacts, { dims }: TensorFacts): number {
  if (op === blockProduct) return dims[0]! * dims[1]! * blockColumns;
  return integerProducts.includes(op) ? dims.reduce((product, dim) => product * dim, 1) : 0;
}
