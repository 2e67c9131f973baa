/** What the encoder families read from config.json alike: what the model gives, its labels, its longest text. */
import { z } from 'zod';
import type { EmbeddingHead, EncoderHead, LabelHead } from '../graph/encoder-head.js';
import type { JsonObject } from '../json.js';
import { plainModules, type SentenceModules } from '../source/sentence-modules.js';
import { check, readFields, refuse } from './config-fields.js';
import type { EncoderOutput } from './family.js';

const schema = z.object({
  architectures: z.array(z.string().max(128)).max(16).nullish(),
  id2label: z.record(z.string().regex(/^\d{1,4}$/), z.string().min(1).max(256)).nullish(),
  num_labels: z.int().positive().max(4096).nullish(),
  problem_type: z.string().nullish(),
});

/** Classes that say nothing of a text or a token: their trunk embeds. */
const trunks = /(?:Model|ForMaskedLM|ForPreTraining|LMHeadModel)$/;

/** By the class that the checkpoint was saved from. Throws `unsupported_model` for classes that are not built. */
export function readEncoderOutput(config: JsonObject, dimensions: number): EncoderOutput {
  const fields = readFields(config, schema);
  const [name = 'Model'] = fields.architectures ?? [];
  if (trunks.test(name)) return { task: 'embed', dimensions };
  const labels = readLabels(fields);
  if (name.endsWith('ForTokenClassification')) return { task: 'tag', labels };
  if (!name.endsWith('ForSequenceClassification')) {
    refuse(`${name} is not built; models that embed, …ForSequenceClassification and …ForTokenClassification are.`);
  }
  // One label is a score by itself, as of a reranker.
  const independent = fields.problem_type === 'multi_label_classification' || labels.length === 1;
  return { task: 'classify', labels, scores: independent ? 'sigmoid' : 'softmax' };
}

/** The names in the order of their numbers. Without any transformers counts two. */
function readLabels({ id2label, num_labels: count }: z.infer<typeof schema>): readonly string[] {
  if (!id2label) return Array.from({ length: count ?? 2 }, (_, index) => `LABEL_${index}`);
  const labels = Array.from({ length: Object.keys(id2label).length }, (_, index) => id2label[index]);
  check(labels.length > 0, 'id2label must name a label.');
  return labels.map((label, index) => {
    check(label !== undefined, `id2label has no label ${index}; they are numbered from 0 without gaps.`);
    return label ?? '';
  });
}

export type LabelLayers = Pick<LabelHead, 'dense' | 'classifier'> & { readonly pooling?: LabelHead['pooling'] };

/** The head of a graph that gives `output`; `layers`: what a family has between the last states and the labels. */
export function encoderHeadOf(
  output: EncoderOutput,
  modules: SentenceModules | null | undefined,
  layers: Record<'classify' | 'tag', LabelLayers>,
): EncoderHead {
  if (output.task === 'embed') {
    const { pooling, normalise } = modules ?? plainModules;
    return { task: 'embed', pooling, normalise, dense: null } satisfies EmbeddingHead;
  }
  return { pooling: 'cls', ...layers[output.task], task: output.task, labels: output.labels.length };
}

/** The longest text: what the positions allow, or less where the sentence modules say so. */
export function longestText(
  positions: number,
  output: EncoderOutput,
  modules: SentenceModules | null | undefined,
): number {
  const limit = output.task === 'embed' ? (modules?.maxTokens ?? null) : null;
  return Math.min(positions, limit ?? positions);
}
