/** `receipt.json`: what a model's precision costs and gains against FP32, as measured on one machine. */
import { z } from 'zod';
import { precisions } from '../manifest.js';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'not a SHA-256 in lower-case hex');
const amount = z.number().nonnegative();
const count = z.int().nonnegative();
/** Shown in terminals: no control characters. */
const label = z
  .string()
  .max(256)
  .regex(/^\P{Cc}*$/u, 'it has control characters');

/** The same quantity of the FP32 reference and of the model. */
const pair = z.strictObject({ reference: amount, model: amount });

const textSchema = z.strictObject({
  source: z.enum(['file', 'sampled']).describe('A file, or text that the FP32 model wrote itself.'),
  name: label.describe('Name of the file; empty for sampled text.'),
  sha256: sha256.describe('Of the file; of sampled text, of its token ids as unsigned 32 bits, little endian.'),
  texts: count.describe('Texts: dialogues of the file, or sampled ones.'),
  predictions: count.describe('Tokens that were predicted, each from the true tokens before it.'),
  window: count.describe('Tokens of a window at most.'),
});

const speedSchema = z.strictObject({
  run: z.enum(['decode', 'prefill']),
  rows: z.int().positive(),
  tokens: z.int().positive().describe('Tokens of a row in each step.'),
  reference: amount.describe('Tokens a second of FP32: all rows together, median.'),
  model: amount.describe('Tokens a second of the model.'),
});

export const receiptSchema = z.strictObject({
  format: z.literal(1),
  date: z.iso.datetime(),
  model: label,
  precision: z.enum(precisions).exclude(['fp32']),
  graph: sha256.describe('SHA-256 of the ONNX graph that was measured.'),
  weights: sha256.describe('SHA-256 of its weights.'),
  text: textSchema,
  perplexity: z.strictObject({
    reference: amount,
    model: amount,
    change: z.number().describe('model / reference - 1'),
    error: amount.describe('Standard error of the change, predictions taken as independent.'),
  }),
  divergence: amount.describe('Mean Kullback-Leibler divergence from the predictions of FP32, in nats a token.'),
  agreement: amount.max(1).describe('Share of predictions with the same most likely token as FP32.'),
  logits: z.strictObject({ largest: amount, mean: amount }).describe('Absolute differences to the logits of FP32.'),
  speed: z.array(speedSchema).max(16),
  disk: pair.describe('Bytes of graph and weights.'),
  resident: pair.describe('Resident bytes of a process that has run the model, Node included.'),
  versions: z.strictObject({ octavo: label, onnxruntime: label, node: label }),
  machine: z.strictObject({
    cpu: label,
    cores: count,
    memory: count.describe('GiB'),
    features: z.array(label).max(64).describe('CPU features that decide how fast INT8 runs.'),
    platform: label,
  }),
  runtime: label,
  provider: label,
  threads: count,
});

export type Receipt = z.infer<typeof receiptSchema>;
export type TextInfo = Receipt['text'];
export type SpeedRun = Receipt['speed'][number];
