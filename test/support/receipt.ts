/** A receipt whose figures are easy to recognise. */
import type { Receipt } from '#octavo/models/receipt/receipt.js';

export const exampleReceipt: Receipt = {
  format: 1,
  date: '2026-01-02T03:04:05.678Z',
  model: 'example',
  precision: 'int8',
  graph: 'a'.repeat(64),
  weights: 'b'.repeat(64),
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
  disk: { reference: 4 << 20, model: 1 << 20 },
  resident: { reference: 200 << 20, model: 100 << 20 },
  versions: { octavo: '0.1.0', onnxruntime: '1.30.0', node: '20.20.2' },
  machine: { cpu: 'An Example CPU', cores: 2, memory: 8, features: ['avx2', 'avx512_vnni'], platform: 'linux-x64' },
  runtime: 'ort-c-api',
  provider: 'cpu',
  threads: 2,
};
