/** `genai_config.json`, with which onnxruntime-genai describes a model: where its graph is, and what its inputs are called. */
import { z } from 'zod';
import { OctavoError } from '../../errors.js';
import { describeFaults } from '../../validation-issue.js';
import { size } from '../build/families/config-fields.js';
import type { JsonObject } from '../build/json.js';
import type { ConfigFacts } from './config-facts.js';
import type { DecoderNames } from './decoder-names.js';

export interface GenaiModel {
  /** Path of the graph in the folder. */
  readonly graph: string;
  readonly names: DecoderNames;
  readonly facts: ConfigFacts;
  /** As generation_config.json has them. */
  readonly generation: JsonObject;
}

const name = z.string().min(1).max(256);
/** Of one tensor in each layer, whose number takes the place of `%d`. */
const pattern = name.regex(/^[^%]*%d[^%]*$/, 'must have one %d, for the number of the layer');

/** What is not named has the name that onnxruntime-genai gives it. */
const schema = z.object({
  model: z.object({
    type: z.string().max(64),
    vocab_size: size(1 << 22),
    context_length: size(1 << 24),
    eos_token_id: z.union([z.number(), z.array(z.number())]).optional(),
    encoder: z.unknown().optional(),
    decoder: z.object({
      filename: z.string().regex(/^[A-Za-z0-9_.-]+\.onnx$/, 'must be the name of an .onnx file in the folder'),
      head_size: size(4096).optional(),
      num_key_value_heads: size(4096).optional(),
      num_hidden_layers: size(1024).optional(),
      pipeline: z.unknown().optional(),
      inputs: z
        .object({
          ...{ input_ids: name.default('input_ids'), attention_mask: name.default('attention_mask') },
          position_ids: name.default('position_ids'),
          past_key_names: pattern.default('past_key_values.%d.key'),
          past_value_names: pattern.default('past_key_values.%d.value'),
          past_names: pattern.optional(),
        })
        .prefault({}),
      outputs: z
        .object({
          logits: name.default('logits'),
          present_key_names: pattern.default('present.%d.key'),
          present_value_names: pattern.default('present.%d.value'),
          present_names: pattern.optional(),
        })
        .prefault({}),
    }),
  }),
  search: z
    .object({ do_sample: z.boolean(), temperature: z.number(), top_p: z.number(), top_k: z.number() })
    .partial()
    .optional(),
});

type Decoder = z.infer<typeof schema>['model']['decoder'];

/** Throws `invalid_model` naming the field, `unsupported_model` for models of several graphs. */
export function readGenaiConfig(config: JsonObject): GenaiModel {
  const result = schema.safeParse(config);
  if (!result.success) {
    throw new OctavoError('invalid_model', `genai_config.json: ${describeFaults(result.error)}.`);
  }
  const { model, search } = result.data;
  const { decoder } = model;
  if (decoder.pipeline !== undefined || model.encoder !== undefined) {
    const message = 'genai_config.json describes a model of several graphs; one decoder alone is served.';
    throw new OctavoError('unsupported_model', message);
  }
  return {
    graph: decoder.filename,
    names: namesOf(decoder),
    facts: {
      architecture: model.type,
      layers: decoder.num_hidden_layers ?? null,
      kvHeads: decoder.num_key_value_heads ?? null,
      headDim: decoder.head_size ?? null,
      ...{ hidden: null, vocab: model.vocab_size, context: model.context_length },
    },
    generation: { ...search, eos_token_id: model.eos_token_id },
  };
}

function namesOf({ inputs, outputs }: Decoder): DecoderNames {
  const combined = inputs.past_names !== undefined || outputs.present_names !== undefined;
  return {
    ...{ ids: inputs.input_ids, mask: inputs.attention_mask, positions: inputs.position_ids, logits: outputs.logits },
    ...(combined
      ? { past: [inputs.past_names ?? 'past_%d'], present: [outputs.present_names ?? 'present_%d'] }
      : {
          past: [inputs.past_key_names, inputs.past_value_names],
          present: [outputs.present_key_names, outputs.present_value_names],
        }),
  };
}
