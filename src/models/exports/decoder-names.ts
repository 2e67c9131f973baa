/** What an export's decoder calls its inputs and outputs. */
export interface DecoderNames {
  readonly ids: string;
  readonly mask: string;
  readonly positions: string;
  readonly logits: string;
  /** Keys and values of a layer, whose number takes the place of `%d`: two tensors, or one for both. */
  readonly past: readonly string[];
  readonly present: readonly string[];
}

/** As Optimum and transformers.js have them. */
export const commonNames: DecoderNames = {
  ...{ ids: 'input_ids', mask: 'attention_mask', positions: 'position_ids', logits: 'logits' },
  past: ['past_key_values.%d.key', 'past_key_values.%d.value'],
  present: ['present.%d.key', 'present.%d.value'],
};

/** The names of one layer. */
export function ofLayer(patterns: readonly string[], layer: number): readonly string[] {
  return patterns.map((pattern) => pattern.replace('%d', String(layer)));
}
