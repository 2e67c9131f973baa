/** `manifest.json`: what a folder that `octavo build` wrote contains. The server opens only the files listed here. */
import { z } from 'zod';

const fileSchema = z.strictObject({
  /** Relative to the folder, with forward slashes, never leaving it. */
  path: z
    .string()
    .regex(/^(?!.*(?:^|\/)\.\.?(?:\/|$))[A-Za-z0-9_.-]+(?:\/[A-Za-z0-9_.-]+)*$/, 'not a plain relative path'),
  bytes: z.int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'not a SHA-256 in lower-case hex'),
});

const size = (max: number) => z.int().positive().max(max);

/** How the weights, and the products with them, are computed; `docs/models.md` says what each is for. */
export const precisions = [
  'int8',
  'fp32',
  'fp16',
  'int8-weight',
  'int4-weight',
  'int8-weight-fp16',
  'int4-weight-fp16',
] as const;
export type Precision = (typeof precisions)[number];

/** What activations are computed in, and the KV cache is kept in unless it is rounded; int8 rounds activations on their way into a product. */
export function activationsOf(precision: Precision): 'float32' | 'float16' {
  return precision.endsWith('fp16') ? 'float16' : 'float32';
}

/** Whether a build can have its KV cache in int8: those of ONNX Runtime's CPU provider, whose cache one graph writes. */
export function canRoundCache(facts: {
  readonly precision: Precision;
  readonly task: Task;
  readonly encoder?: unknown;
}): boolean {
  return activationsOf(facts.precision) === 'float32' && facts.task === 'generate' && facts.encoder === undefined;
}

/** What a model gives: text, a vector for a text, a label for a text, a label for each of its tokens. */
export const tasks = ['generate', 'embed', 'classify', 'tag'] as const;
export type Task = (typeof tasks)[number];

const layerNames = z
  .array(z.string().regex(/^[A-Za-z0-9_./-]{1,256}$/))
  .min(1)
  .max(1 << 16);

const fieldsSchema = z.strictObject({
  format: z.literal(1),
  /** Default id of the model in the API. */
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/),
  /** `model_type` of the checkpoint. */
  architecture: z.string().max(64),
  precision: z.enum(precisions),
  task: z.enum(tasks).default('generate'),
  /** Of a model that classifies or tags: the name of each of its outputs, in order. */
  labels: z.array(z.string().min(1).max(256)).min(1).max(4096).optional(),
  /** Of a model that embeds: the width of its vectors. */
  dimensions: size(1 << 20).optional(),
  /** Of a model that classifies: how logits become scores, over all labels or each by itself. */
  scores: z.enum(['softmax', 'sigmoid']).optional(),
  /** Linear layers that stayed FP32 in an int8 build, by their names in the graph. */
  kept: layerNames.optional(),
  /** Linear layers of an int8 build whose activations' range was moved into weights, by calibration. */
  moved: layerNames.optional(),
  /** Of a decoder whose KV cache is rounded to 8 bits; absent: it is as the activations are. */
  kvCache: z.literal('int8').optional(),
  /** Of a build from random weights, which has learnt nothing: what they were made from. */
  random: z.strictObject({ shape: z.string().min(1).max(64), seed: z.int().nonnegative().max(0xffffffff) }).optional(),
  /** Path of the ONNX graph, one of `files`; of an encoder-decoder the decoder's. */
  graph: z.string(),
  /** Of an encoder-decoder: the graph that reads prompts, one of `files`, and the token before the first of every output. */
  encoder: z.strictObject({ graph: z.string(), startToken: z.int().nonnegative() }).optional(),
  /** `octavo` version that wrote the folder. */
  builder: z.string(),
  shape: z.strictObject({
    layers: size(1024),
    hidden: size(1 << 20),
    heads: size(4096),
    kvHeads: size(4096),
    headDim: size(4096),
    vocab: size(1 << 22),
    /** The longest context, in tokens; of an encoder-decoder that of its prompts, and as much again of its outputs. */
    context: size(1 << 22),
  }),
  /** Tokens at which the model ends by itself. */
  endTokens: z.array(z.int().nonnegative()).max(64),
  files: z.array(fileSchema).min(1).max(1024),
});

export const manifestSchema = fieldsSchema
  .refine(({ encoder, shape }) => encoder === undefined || encoder.startToken < shape.vocab, {
    path: ['encoder', 'startToken'],
    error: 'not a token of the vocabulary',
  })
  .refine((fields) => fields.kvCache === undefined || canRoundCache(fields), {
    path: ['kvCache'],
    error: 'only for decoders of one graph with activations in float32',
  });

export type Manifest = z.infer<typeof manifestSchema>;
