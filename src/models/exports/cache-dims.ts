/** The shape of an export's cache: what the graph declares of its tensors, checked against the configuration. */
import { OctavoError } from '../../errors.js';
import type { ValueFacts } from '../onnx-file/graph-facts.js';
import { agree, bounded, type ConfigFacts } from './config-facts.js';
import { requireFloat32 } from './graph-values.js';

export interface CacheDims {
  readonly kvHeads: number;
  readonly headDim: number;
}

/**
 * Each tensor is float32 [rows, kvHeads, tokens, headDim], the same in every layer; `combined`: with an axis of 2 before
 * it. Throws `invalid_model` where they differ, `unsupported_model` for other shapes.
 */
export function readCacheDims(
  tensors: readonly ValueFacts[],
  { combined, config }: { readonly combined: boolean; readonly config: ConfigFacts },
): CacheDims {
  const rank = combined ? 5 : 4;
  let { kvHeads, headDim } = config;
  for (const tensor of tensors) {
    requireFloat32(tensor);
    const { name, dims } = tensor;
    const isPair = !combined || dims[0] === 2 || dims[0] === null;
    if (dims.length !== rank || !isPair) {
      const wanted = `${combined ? '2, ' : ''}rows, heads, tokens, head size`;
      const message = `"${name}" of the graph is [${describeDims(dims)}]; served is [${wanted}].`;
      throw new OctavoError('unsupported_model', message);
    }
    kvHeads = agree(`heads in "${name}"`, kvHeads, dims[rank - 3] ?? null);
    headDim = agree(`dimensions of a head in "${name}"`, headDim, dims[rank - 1] ?? null);
  }
  return { kvHeads: bounded('heads of the cache', kvHeads, 4096), headDim: bounded('head size', headDim, 4096) };
}

/** For a person; what varies is a question mark. */
export function describeDims(dims: ValueFacts['dims']): string {
  return dims.map((dim) => dim ?? '?').join(', ');
}
