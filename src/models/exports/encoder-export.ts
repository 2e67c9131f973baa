/** An encoder's graph by others: which output makes its vectors or labels, checked against its configuration. */
import { OctavoError } from '../../errors.js';
import { readEncoderOutput } from '../build/families/encoder-config.js';
import type { JsonObject } from '../build/json.js';
import { plainModules, type SentenceModules } from '../build/source/sentence-modules.js';
import type { EncoderShape } from '../encoder/encoder.js';
import type { GraphFacts, ValueFacts } from '../onnx-file/graph-facts.js';
import type { EncoderPlan } from '../served-folder.js';
import type { EncoderHead } from '../served-model.js';
import { describeDims } from './cache-dims.js';
import { agree, readConfigFacts } from './config-facts.js';
import { givenInputs, integerType, refuseOtherInputs, requireFloat32, requireValue } from './graph-values.js';

export interface EncoderConfig {
  readonly config: JsonObject;
  /** tokenizer_config.json */
  readonly tokenizer: JsonObject;
  /** `null`: nobody says how states become a vector. */
  readonly modules: SentenceModules | null;
}

/** The vector of a text, the states of its tokens to make one of, or the scores of its labels: the first that there is. */
const vectors = ['sentence_embedding'];
const states = ['last_hidden_state', 'token_embeddings'];
const scores = ['logits'];

/** Throws `invalid_model` where graph and configuration differ, `unsupported_model` for what cannot be served. */
export function readEncoderExport(facts: GraphFacts, source: EncoderConfig): EncoderPlan {
  const { config, modules } = source;
  const inputs = givenInputs(facts);
  refuseOtherInputs(inputs, ['input_ids', 'attention_mask', 'token_type_ids']);
  for (const name of ['input_ids', 'attention_mask']) requireValue(inputs, name, 'input');
  const integers = integerType(inputs);
  const sizes = readConfigFacts(config);
  const output = chooseOutput(facts);
  requireFloat32(output);
  const { name, dims } = output;
  const vocab = agree('tokens in the vocabulary', sizes.vocab, null);
  const plan = { kind: 'encoder', vocab, context: readContext(source, sizes.context) } as const;
  if (scores.includes(name)) {
    const head = readLabels(config, output);
    return { ...plan, head, shape: { output: name, width: head.labels.length, integers } };
  }
  const width = agree('numbers in a state', sizes.hidden, dims.at(-1) ?? null);
  const { pooling, normalise } = modules ?? plainModules;
  const shape: EncoderShape = { output: name, width, integers };
  const pooled = states.includes(name) ? { ...shape, pooling: { kind: pooling, normalise } } : shape;
  return { ...plan, head: { task: 'embed', dimensions: width }, shape: pooled };
}

function chooseOutput({ outputs }: GraphFacts): ValueFacts {
  for (const [names, rank] of [[vectors, 2] as const, [states, 3] as const, [scores, 2] as const]) {
    const output = outputs.find(({ name, dims }) => names.includes(name) && dims.length === rank);
    if (output !== undefined) return output;
  }
  const found = outputs.map(({ name, dims }) => `${name} [${describeDims(dims)}]`).join(', ');
  const served = 'a cache and logits, sentence_embedding, last_hidden_state, or logits of labels for each text';
  throw new OctavoError('unsupported_model', `The graph gives ${found}. Served are graphs that give ${served}.`);
}

function readLabels(config: JsonObject, { dims }: ValueFacts): Extract<EncoderHead, { task: 'classify' }> {
  const output = readEncoderOutput(config, 1);
  if (output.task !== 'classify') {
    const message = 'The graph gives logits for each text, but config.json names no …ForSequenceClassification.';
    throw new OctavoError('invalid_model', message);
  }
  agree('labels', output.labels.length, dims[1] ?? null);
  return output;
}

/** Families whose first position comes after the padding token's. */
const positionsAfterPadding: ReadonlySet<unknown> = new Set(['roberta', 'xlm-roberta', 'camembert', 'mpnet']);

/** The longest text: as many tokens as there are positions, or fewer where the tokenizer or the modules say so. */
function readContext({ config, tokenizer, modules }: EncoderConfig, positions: number | null): number {
  const padding = typeof config.pad_token_id === 'number' ? config.pad_token_id : 1;
  const offset = positionsAfterPadding.has(config.model_type) ? padding + 1 : 0;
  const limits = [
    positions === null ? null : positions - offset,
    // Where nobody set it, it is 10^30.
    Number.isSafeInteger(tokenizer.model_max_length) ? Number(tokenizer.model_max_length) : null,
    modules?.maxTokens ?? null,
  ].filter((limit) => limit !== null);
  if (limits.length > 0 && Math.min(...limits) >= 1) return Math.min(...limits);
  throw new OctavoError('invalid_model', 'config.json does not say how long a text may be (max_position_embeddings).');
}
