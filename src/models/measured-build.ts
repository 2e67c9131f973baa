/** A build that is measured before it gets its name: with its receipt, mended where it loses too much, or refused. */
import { counted } from '../counted.js';
import { OctavoError } from '../errors.js';
import { type BuildOptions, buildModel } from './build/build.js';
import { checkTarget } from './build/folder/output-folder.js';
import { type CalibrationTexts, calibrateBuild } from './calibration/calibrated-build.js';
import type { Manifest } from './manifest.js';
import type { Gauge } from './receipt/gauge.js';
import { type Measured, type MeasureOptions, measureQuality, measureReceipt } from './receipt/measure.js';
import { chooseLayers, maxKeptShare } from './receipt/mend.js';
import { percent } from './receipt/percent.js';
import type { OnProgress } from './receipt/progress.js';
import type { Receipt } from './receipt/receipt.js';
import { receiptBytes, receiptName } from './receipt/receipt-file.js';
import { withReference } from './receipt/reference.js';
import { measureSensitivity, type Sensitivity } from './receipt/sensitivity.js';

export interface MeasuredBuildOptions {
  /** In another precision than fp32. */
  readonly build: BuildOptions;
  readonly measure: Omit<MeasureOptions, 'reference' | 'model'>;
  /** What may be lost, as a share (`Quality.loss`); `null`: anything. */
  readonly maxLoss: number | null;
  readonly texts?: CalibrationTexts;
}

export interface MeasuredBuild {
  readonly manifest: Manifest;
  readonly receipt: Receipt;
}

/**
 * A build that loses more than allowed is built again with its costliest layers in FP32. Throws what building and
 * measuring throw, and `invalid_model` when that is not enough: nothing is left then.
 */
export async function buildMeasured(options: MeasuredBuildOptions, onProgress: OnProgress): Promise<MeasuredBuild> {
  const { build } = options;
  await checkTarget(build.out, build.force ?? false);
  return withReference({ source: build.source, near: build.out, onProgress }, async (reference) => {
    const { source } = build;
    const { texts = {}, measure } = options;
    const calibrated = await calibrateBuild({ source, reference, texts, threads: measure.threads }, onProgress);
    return buildUntilGood({ ...options, reference, build: { ...build, ...calibrated } }, onProgress);
  });
}

type Setting = MeasuredBuildOptions & { readonly reference: string };

async function buildUntilGood(setting: Setting, onProgress: OnProgress): Promise<MeasuredBuild> {
  const { build, maxLoss } = setting;
  let kept: readonly Sensitivity[] = [];
  let loss: TooLossy | undefined;
  for (;;) {
    const keep = [...(build.keep ?? []), ...kept.map(({ layer }) => layer)];
    try {
      return await attempt({ ...setting, build: { ...build, keep } }, loss, onProgress);
    } catch (error) {
      if (!(error instanceof TooLossy) || maxLoss === null) throw error;
      loss = error;
      const left = loss.layers.filter((layer) => !kept.includes(layer));
      const room = maxKeptShare - kept.reduce((sum, { share }) => sum + share, 0);
      const more = chooseLayers({
        loss: loss.measured.quality.loss,
        allowed: maxLoss,
        layers: left,
        room,
      });
      if (more.length === 0) {
        throw new OctavoError('invalid_model', describeLoss(loss, { maxLoss, kept, build }));
      }
      kept = [...kept, ...more];
    }
  }
}

/** A build that loses more than allowed, with what is needed for a better one. */
class TooLossy extends Error {
  readonly measured: Measured;
  readonly layers: readonly Sensitivity[];

  constructor(measured: Measured, layers: readonly Sensitivity[]) {
    super('a build loses more than allowed');
    this.measured = measured;
    this.layers = layers;
  }
}

/** One build, measured. `before`: the one that it is to better, whose gauge and sensitivities hold for it too. */
async function attempt(setting: Setting, before: TooLossy | undefined, onProgress: OnProgress): Promise<MeasuredBuild> {
  const { build, measure, maxLoss, reference } = setting;
  const receipts: Receipt[] = [];
  const inspect = async (model: string) => {
    const options = { ...measure, reference, model };
    const measured = await measureQuality(options, onProgress, before?.measured.gauge);
    if (maxLoss !== null && measured.quality.loss > maxLoss) {
      // Only int8 has layers that are quantised, or kept, one by one.
      const mendable = before === undefined && build.precision === 'int8';
      const layers = mendable ? await findCostly({ ...build, reference, model }, measured.gauge, onProgress) : [];
      throw new TooLossy(measured, before?.layers ?? layers);
    }
    const receipt = await measureReceipt(options, onProgress, measured.quality);
    receipts.push(receipt);
    return new Map([[receiptName, receiptBytes(receipt)]]);
  };
  const manifest = await buildModel({ ...build, inspect }, onProgress);
  return { manifest, receipt: receipts[0]! };
}

/** Layers are measured one by one in an FP32 graph, whose weights must have moved as the model's have. */
async function findCostly(
  folders: Pick<BuildOptions, 'source' | 'out' | 'calibration'> & {
    readonly reference: string;
    readonly model: string;
  },
  gauge: Gauge,
  onProgress: OnProgress,
): Promise<readonly Sensitivity[]> {
  const { source, out, calibration } = folders;
  if (!calibration?.factors.size) return measureSensitivity(folders, gauge, onProgress);
  return withReference({ source, near: out, calibration, onProgress }, (reference) =>
    measureSensitivity({ ...folders, reference, factors: calibration.factors }, gauge, onProgress),
  );
}

/** Layers that a refusal names. */
const namedLayers = 5;

function describeLoss(
  { measured, layers }: TooLossy,
  { maxLoss, kept, build }: { maxLoss: number; kept: readonly Sensitivity[]; build: BuildOptions },
): string {
  const total = layers.reduce((sum, { divergence }) => sum + divergence, 0);
  const worst = layers.slice(0, namedLayers).map(({ layer, divergence }) => `${layer} ${percent(divergence / total)}`);
  const mended = kept.length === 0 ? '' : `, with ${counted(kept.length, 'layer')} in FP32`;
  const cached = build.cacheRanges === undefined ? '' : ' with an INT8 KV cache';
  const sentence = `${build.precision.toUpperCase()}${cached} ${measured.quality.told}${mended}; at most ${Number((100 * maxLoss).toPrecision(6))}% is allowed. Nothing was written.`;
  if (layers.length === 0) return sentence;
  return `${sentence} Of what the layers cost, each quantised alone, these have the largest parts: ${worst.join(', ')}. No more than ${percent(maxKeptShare)} of the weights are kept in FP32.`;
}
