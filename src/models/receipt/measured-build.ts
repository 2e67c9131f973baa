/** A build that is measured before it gets its name: with its receipt, or refused for losing too much. */
import { OctavoError } from '../../errors.js';
import { type BuildOptions, buildModel } from '../build/build.js';
import type { Manifest } from '../manifest.js';
import { type MeasureOptions, measureReceipt } from './measure.js';
import type { OnProgress } from './progress.js';
import type { Receipt } from './receipt.js';
import { receiptBytes, receiptName } from './receipt-file.js';
import { withReference } from './reference.js';
import { measureSensitivity, type Sensitivity } from './sensitivity.js';

export interface MeasuredBuildOptions {
  /** An int8 build. */
  readonly build: BuildOptions;
  readonly measure: Omit<MeasureOptions, 'reference' | 'model'>;
  /** Loss of perplexity that is allowed, as a share of FP32's; `null`: any. */
  readonly maxLoss: number | null;
}

/** Throws what building and measuring throw, and `invalid_model` when more is lost than allowed: nothing is left then. */
export async function buildMeasured(
  { build, measure, maxLoss }: MeasuredBuildOptions,
  onProgress: OnProgress,
): Promise<{ readonly manifest: Manifest; readonly receipt: Receipt }> {
  const receipts: Receipt[] = [];
  const inspect = (model: string) =>
    withReference({ source: build.source, near: build.out, onProgress }, async (reference) => {
      const options = { ...measure, reference, model };
      const receipt = await measureReceipt(options, onProgress);
      if (maxLoss !== null && receipt.perplexity.change > maxLoss) {
        const layers = await measureSensitivity({ ...options, source: build.source }, onProgress);
        throw new OctavoError('invalid_model', describeLoss(receipt, maxLoss, layers));
      }
      receipts.push(receipt);
      return new Map([[receiptName, receiptBytes(receipt)]]);
    });
  const manifest = await buildModel({ ...build, inspect }, onProgress);
  return { manifest, receipt: receipts[0]! };
}

/** Layers that a refusal names. */
const namedLayers = 5;

function describeLoss({ perplexity, text }: Receipt, maxLoss: number, layers: readonly Sensitivity[]): string {
  const worst = layers.slice(0, namedLayers).map(({ layer, change }) => `${layer} ${percent(change)}`);
  return `INT8 changes perplexity by ${percent(perplexity.change)} (± ${percent(perplexity.error)}, ${text.predictions} predictions); at most ${Number((100 * maxLoss).toPrecision(6))}% is allowed. Nothing was written. Quantised alone, these layers change it most: ${worst.join(', ')}.`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)}%`;
}
