/** A graph in float16: activations, KV cache, weights that are not in blocks, for GPUs. Operators that sum keep float32 inside. */
import { OctavoError } from '../../../errors.js';
import { halvesOf, largestHalf } from '../weights/float-format.js';
import type { Graph, GraphNode, GraphValue } from './graph-builder.js';
import { byteLength, bytesOf, isConstant, type TensorSource } from './tensor.js';

/** TensorProto.DataType */
const [floatType, halfType] = [1n, 10n];

/**
 * Inputs and the cache become float16. What leaves for the host, such as logits and vectors, is cast back to float32: it
 * is read there value by value.
 */
export function inFloat16({ nodes, inputs, outputs, sources }: Graph): Graph {
  const results = outputs.filter((output) => output.type === 'float32' && !isCache(output));
  const rename = new Map(results.map(({ name }) => [name, `${name}/half`]));
  const renamed = (name: string) => rename.get(name) ?? name;
  const halved = nodes.map((node) => {
    const names = { inputs: node.inputs.map(renamed), outputs: node.outputs.map(renamed) };
    return { ...node, ...names, attributes: halfCast(node) };
  });
  const casts = results.map(({ name }): GraphNode => {
    const ends = { inputs: [renamed(name)], outputs: [name] };
    return { op: 'Cast', domain: '', name: `${name}/Cast`, ...ends, attributes: { to: floatType } };
  });
  return {
    nodes: [...halved, ...casts],
    inputs: inputs.map(halfValue),
    outputs: outputs.map((output) => (rename.has(output.name) ? output : halfValue(output))),
    sources: sources.map(halfSource),
  };
}

function isCache({ name }: GraphValue): boolean {
  return name.startsWith('present.');
}

function halfValue(value: GraphValue): GraphValue {
  return value.type === 'float32' ? { ...value, type: 'float16' } : value;
}

function halfCast({ op, attributes }: GraphNode): GraphNode['attributes'] {
  return op === 'Cast' && attributes.to === floatType ? { ...attributes, to: halfType } : attributes;
}

/** Throws `invalid_model` for weights that float16 cannot hold. */
function halfSource(source: TensorSource): TensorSource {
  if (!source.tensors.some(({ type }) => type === 'float32')) return source;
  return {
    tensors: source.tensors.map((spec) => (spec.type === 'float32' ? { ...spec, type: 'float16' } : spec)),
    async *chunks() {
      for await (const { spec, chunk } of chunksByTensor(source)) {
        yield spec.type === 'float32' ? halfChunk(chunk, spec.name) : chunk;
      }
    },
  };
}

/** Each chunk with the tensor that it is a part of. */
async function* chunksByTensor({ tensors, chunks }: TensorSource) {
  let [index, left] = [-1, 0];
  for await (const chunk of chunks()) {
    while (left === 0) left = byteLength(tensors[++index]!);
    left -= chunk.byteLength;
    yield { spec: tensors[index]!, chunk };
  }
}

function halfChunk(chunk: Uint8Array, name: string): Uint8Array {
  const values = new Float32Array(chunk.buffer, chunk.byteOffset, chunk.byteLength / 4);
  return bytesOf(halvesOf(isConstant(name) ? values.map(bounded) : refuseLarge(values, name)));
}

/** A constant of the graph beyond the range hides scores, or padding from a maximum: the last of the range does too. */
function bounded(value: number): number {
  return Math.max(-largestHalf, Math.min(largestHalf, value));
}

function refuseLarge(values: Float32Array, name: string): Float32Array {
  for (let i = 0; i < values.length; i++) {
    if (Math.abs(values[i]!) <= largestHalf) continue;
    const message = `${name} holds numbers beyond ${largestHalf}, the largest in float16: build it in another precision.`;
    throw new OctavoError('invalid_model', message);
  }
  return values;
}
