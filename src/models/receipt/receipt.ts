/** `receipt.json`: what a model's precision costs and gains against FP32, as measured on one machine. */
import { z } from 'zod';
import { precisions } from '../manifest.js';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'not a SHA-256 in lower-case hex');
const amount = z.number().nonnegative();
const share = amount.max(1);
const count = z.int().nonnegative();
/** Of two unit vectors; rounding may pass 1. */
const cosine = z.number().min(-1.001).max(1.001);
/** Shown in terminals: no control characters. */
const label = z
  .string()
  .max(256)
  .regex(/^\P{Cc}*$/u, 'it has control characters');

/** The same quantity of the FP32 reference and of the model. */
const pair = z.strictObject({ reference: amount, model: amount });
/** Absolute differences between the numbers of the model and of FP32. */
const differences = z.strictObject({ largest: amount, mean: amount });

/** What predictions were measured on. */
const predictedTextSchema = z.strictObject({
  source: z
    .enum(['file', 'sampled', 'answers'])
    .describe('A file, text that FP32 wrote itself, or answers that FP32 wrote to the texts of a file.'),
  name: label.describe('Name of the file; empty for sampled text, and for answers to the bundled text.'),
  sha256: sha256.describe('Of the file; of what FP32 wrote, of all token ids as unsigned 32 bits, little endian.'),
  texts: count.describe('Texts: dialogues of the file, sampled ones, or answers.'),
  predictions: count.describe('Tokens that were predicted, each from the true tokens before it.'),
  window: count.describe('Tokens of a window, or of an answer, at most.'),
});

/** What an encoder was measured on. */
const readTextSchema = z.strictObject({
  source: z.enum(['file', 'bundled']).describe('A file, or the text that ships with Octavo.'),
  name: label.describe('Name of the file.'),
  sha256: sha256.describe('Of the file.'),
  texts: count.describe('Texts: lines of the file, or messages in it.'),
  tokens: count.describe('Tokens of all texts.'),
  longest: count.describe('Tokens of a text at most.'),
});

const speedSchema = z.strictObject({
  run: z.enum(['decode', 'prefill', 'encode']),
  rows: z.int().positive(),
  tokens: z.int().positive().describe('Tokens of a row in each step.'),
  reference: amount.describe('Tokens a second of FP32, or texts a second of `encode`: all rows together, median.'),
  model: amount.describe('The same of the model.'),
});

const before = {
  format: z.literal(1),
  date: z.iso.datetime(),
  model: label,
  precision: z.enum(precisions).exclude(['fp32']),
  kvCache: z.literal('int8').optional().describe('The model’s KV cache, where it is rounded by itself.'),
  graph: sha256.describe('SHA-256 of the ONNX graph that was measured; of an encoder-decoder the decoder’s.'),
  weights: sha256.describe('SHA-256 of its weights.'),
  encoder: z
    .strictObject({ graph: sha256, weights: sha256 })
    .optional()
    .describe('The same of the other graph of an encoder-decoder.'),
};

const after = {
  speed: z.array(speedSchema).max(16),
  disk: pair.describe('Bytes of graphs and weights.'),
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
};

const generate = {
  task: z.literal('generate'),
  text: predictedTextSchema,
  perplexity: z.strictObject({
    reference: amount,
    model: amount,
    change: z.number().describe('model / reference - 1'),
    error: amount.describe('Standard error of the change, predictions taken as independent.'),
  }),
  divergence: amount.describe('Mean Kullback-Leibler divergence from the predictions of FP32, in nats a token.'),
  agreement: share.describe('Share of predictions with the same most likely token as FP32.'),
  logits: differences.describe('Absolute differences to the logits of FP32.'),
};

const embed = {
  task: z.literal('embed'),
  text: readTextSchema,
  cosine: z
    .strictObject({
      mean: cosine,
      percentile: cosine.describe('Of 100 texts, one lies below.'),
      lowest: cosine,
      others: cosine.describe('Mean between FP32’s vectors of different texts: how far apart texts lie at all.'),
    })
    .describe('Between the vectors of the model and of FP32 for the same text.'),
  neighbours: z
    .strictObject({ nearest: z.int().positive(), overlap: share })
    .describe('Of the `nearest` texts that lie nearest to a text by FP32, the share that are its nearest here too.'),
};

const labels = {
  text: readTextSchema,
  agreement: share.describe('Share of texts, or of a tagger’s tokens, with the same label as by FP32.'),
  divergence: amount.describe('Mean Kullback-Leibler divergence from the scores of FP32, in nats a text or token.'),
  logits: differences.describe('Absolute differences to the logits of FP32.'),
  scores: differences.describe('Absolute differences to the scores of FP32, which lie between 0 and 1.'),
};

const classify = { task: z.literal('classify'), ...labels };
const tag = { task: z.literal('tag'), ...labels };

export const receiptSchema = z.discriminatedUnion('task', [
  z.strictObject({ ...before, ...generate, ...after }),
  z.strictObject({ ...before, ...embed, ...after }),
  z.strictObject({ ...before, ...classify, ...after }),
  z.strictObject({ ...before, ...tag, ...after }),
]);

/** The part of a receipt that is quality. */
const figuresSchema = z.discriminatedUnion('task', [
  z.strictObject(generate),
  z.strictObject(embed),
  z.strictObject(classify),
  z.strictObject(tag),
]);

export type Receipt = z.infer<typeof receiptSchema>;
export type Figures = z.infer<typeof figuresSchema>;
/** What is measured of a task. */
export type FiguresOf<Task extends Figures['task']> = Extract<Figures, { readonly task: Task }>;
export type PredictedText = z.infer<typeof predictedTextSchema>;
export type ReadText = z.infer<typeof readTextSchema>;
export type SpeedRun = Receipt['speed'][number];
