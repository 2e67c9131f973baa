/** Receipts whose figures are easy to recognise. */
import type { Figures, Receipt } from '#octavo/models/receipt/receipt.js';

type ReceiptOf<Task extends Receipt['task']> = Extract<Receipt, { task: Task }>;

const common: Omit<ReceiptOf<'embed'>, 'task' | 'text' | 'cosine' | 'neighbours' | 'speed'> = {
  format: 1,
  date: '2026-01-02T03:04:05.678Z',
  model: 'example',
  precision: 'int8',
  graph: 'a'.repeat(64),
  weights: 'b'.repeat(64),
  disk: { reference: 4 << 20, model: 1 << 20 },
  resident: { reference: 200 << 20, model: 100 << 20 },
  versions: { octavo: '0.1.0', onnxruntime: '1.30.0', node: '20.20.2' },
  machine: { cpu: 'An Example CPU', cores: 2, memory: 8, features: ['avx2', 'avx512_vnni'], platform: 'linux-x64' },
  runtime: 'ort-c-api',
  provider: 'cpu',
  threads: 2,
};

/** Of a model that generates text. */
export const exampleReceipt: ReceiptOf<'generate'> = {
  ...common,
  task: 'generate',
  text: { source: 'file', name: 'talks.jsonl', sha256: 'c'.repeat(64), texts: 3, predictions: 1234, window: 512 },
  perplexity: { reference: 5.25, model: 5.2552, change: 0.00099, error: 0.0002 },
  divergence: 0.00125,
  agreement: 0.9876,
  logits: { largest: 0.625, mean: 0.03125 },
  speed: [
    { run: 'decode', rows: 1, tokens: 1, reference: 50, model: 150 },
    { run: 'decode', rows: 16, tokens: 1, reference: 400, model: 1400 },
    { run: 'prefill', rows: 1, tokens: 128, reference: 1000, model: 2500 },
  ],
};

const encoded: Pick<ReceiptOf<'embed'>, 'text' | 'speed'> & typeof common = {
  ...common,
  text: { source: 'bundled', name: 'default.txt', sha256: 'd'.repeat(64), texts: 160, tokens: 4321, longest: 77 },
  speed: [{ run: 'encode', rows: 4, tokens: 128, reference: 10, model: 25 }],
};

/** Of a model that embeds. */
export const vectorReceipt: ReceiptOf<'embed'> = {
  ...encoded,
  task: 'embed',
  cosine: { mean: 0.9995, percentile: 0.9985, lowest: 0.9975, others: 0.25 },
  neighbours: { nearest: 10, overlap: 0.96 },
};

/** Of a model that classifies. */
export const labelReceipt: ReceiptOf<'classify'> = {
  ...encoded,
  task: 'classify',
  agreement: 0.99375,
  divergence: 0.00025,
  logits: { largest: 0.125, mean: 0.0235 },
  scores: { largest: 0.0625, mean: 0.0055 },
};

/** The receipt, or its figures, as one of that task, which it must be. */
export function ofTask<Task extends Figures['task'], Measured extends Figures>(task: Task, measured: Measured) {
  if (measured.task !== task) throw new Error(`measured of ${measured.task}, not of ${task}`);
  return measured as Extract<Measured, { task: Task }>;
}
