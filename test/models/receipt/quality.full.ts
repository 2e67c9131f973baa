/** The promise on real models: INT8 at FP32's quality, measured as the receipts of the documentation are. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { buildModel } from '#octavo/models/build/build.js';
import { buildMeasured } from '#octavo/models/measured-build.js';
import { measureReceipt } from '#octavo/models/receipt/measure.js';
import { temporaryFolder } from '../../support/folders.js';
import { ofTask } from '../../support/receipt.js';

const root = temporaryFolder();
const minutes = 60_000;

async function measure(name: string, model: string, text: string | null) {
  const source = join('../shared/models', name);
  const reference = join(root, `${name}-fp32`);
  await buildModel({ source, out: reference, precision: 'fp32' });
  const options = { reference, model, text, tokens: null, runtime: 'auto', device: 'cpu', threads: 2 } as const;
  return ofTask('generate', await measureReceipt(options));
}

it('keeps the embedded model’s perplexity on held-out dialogues within 0.1%', { timeout: 60 * minutes }, async () => {
  const receipt = await measure('concierge', 'models/concierge', '../shared/data/eval/dialogues.jsonl');
  expect(receipt.text).toMatchObject({ texts: 418, window: 512 });
  expect(Math.abs(receipt.perplexity.change)).toBeLessThanOrEqual(0.001);
});

// On text that FP32 writes itself the divergence is the loss to expect: the measured change differs from it by chance.
it('keeps the perplexity of stories260K within 0.2% on what it writes itself', { timeout: 10 * minutes }, async () => {
  const model = join(root, 'stories260K-int8');
  await buildModel({ source: '../shared/models/stories260K', out: model, precision: 'int8' });
  const receipt = await measure('stories260K', model, null);
  expect(receipt.text).toMatchObject({ source: 'sampled', predictions: 20_000 });
  expect(receipt.divergence).toBeLessThanOrEqual(0.002);
  const { change, error } = receipt.perplexity;
  expect(Math.abs(change - receipt.divergence)).toBeLessThanOrEqual(3 * error);
});

it('mends stories260K to within 0.15% by layers kept in FP32', { timeout: 10 * minutes }, async () => {
  const build = {
    source: '../shared/models/stories260K',
    out: join(root, 'stories260K-mended'),
    precision: 'int8',
  } as const;
  const measure = { text: null, tokens: 20_000, runtime: 'auto', device: 'cpu', threads: 2 } as const;
  const built = await buildMeasured({ build, measure, maxLoss: 0.0015 }, () => {});
  const receipt = ofTask('generate', built.receipt);
  expect(built.manifest.kept?.length).toBeGreaterThan(0);
  expect(receipt.perplexity.change).toBeLessThanOrEqual(0.0015);
  expect(receipt.divergence).toBeLessThanOrEqual(0.0015);
});
