/** How a decoder's graph names what it reads and writes, and how its cache passes from step to step. */
import type { LengthInputs } from '../onnx-file/given-lengths.js';
import type { TensorType } from '../runtime/runtime.js';

/** Names of the tensors of a cache, layer by layer, keys before values: as a step's past, and as its present. */
export interface CacheNames {
  readonly past: readonly string[];
  readonly present: readonly string[];
}

export interface DecoderPorts {
  readonly ids: string;
  /** A graph may lack the mask and the positions. */
  readonly mask: string;
  readonly positions: string;
  /** Of the ids, the mask and the positions. */
  readonly integers: Extract<TensorType, 'int64' | 'int32'>;
  readonly logits: string;
  /**
   * With `num_logits_to_keep` the graph gives the logits of each row's last token. Our own mean the row's own; those of others
   * the last of the step, padding or not.
   */
  readonly keepsLast: boolean;
  /** In place of the mask and of `num_logits_to_keep`. */
  readonly lengths?: LengthInputs;
  readonly cache: CacheNames;
  /**
   * `in-place`: `GroupQueryAttention` alone touches the cache, so that past and present may be the same memory.
   * `growing`: each step gives the whole cache anew, longer by its tokens.
   */
  readonly passing: 'in-place' | 'growing';
  /** Keys and values of a layer are one tensor, [2, rows, kvHeads, tokens, headDim]. A growing cache only. */
  readonly combined: boolean;
}

/** `N.key` and `N.value` of every layer; `part` names one cache of a graph that has several. */
export function cacheNames(layers: number, part?: string): CacheNames {
  const kinds = part === undefined ? ['key', 'value'] : [`${part}.key`, `${part}.value`];
  const names = Array.from({ length: layers }, (_, layer) => kinds.map((kind) => `${layer}.${kind}`)).flat();
  return {
    past: names.map((name) => `past_key_values.${name}`),
    present: names.map((name) => `present.${name}`),
  };
}

/** As `octavo build` draws graphs. */
export function ownPorts(layers: number): DecoderPorts {
  return {
    ...{
      ids: 'input_ids',
      mask: 'attention_mask',
      positions: 'position_ids',
      integers: 'int64',
      logits: 'logits',
      keepsLast: true,
    },
    ...{ cache: cacheNames(layers), passing: 'in-place', combined: false },
  };
}
