/** Builds that the FP32 model's numbers on a text decide on, not measured: FP32 is built beside them for that time. */
import {
  type BuildOptions,
  buildModel,
  buildRandomModel,
  type OutputOptions,
  type RandomBuildOptions,
} from '../build/build.js';
import { checkTarget } from '../build/folder/output-folder.js';
import type { Manifest } from '../manifest.js';
import type { OnProgress } from '../receipt/progress.js';
import { type BuildReference, withReference, withTemporaryBuild } from '../receipt/reference.js';
import { measureCacheRanges } from './cache-ranges.js';
import { calibrate } from './calibrate.js';
import type { CalibrationText } from './calibration-text.js';

/** The texts that a build is calibrated on; `undefined`: it is not. */
export interface CalibrationTexts {
  /** Of an int8 build: what its layers read. */
  readonly activations?: CalibrationText | undefined;
  /** What its KV cache holds: it is int8 then. */
  readonly cache?: CalibrationText | undefined;
}

export interface CalibratedBuildOptions {
  readonly build: BuildOptions;
  readonly texts: CalibrationTexts;
  readonly threads: number;
}

/** Throws what building and calibrating throw; nothing is left then. */
export async function buildCalibrated(
  { build, texts, threads }: CalibratedBuildOptions,
  onProgress: OnProgress,
): Promise<Manifest> {
  const { source, out } = build;
  await checkTarget(out, build.force ?? false);
  return withReference({ source, near: out, onProgress }, async (reference) => {
    const calibrated = await calibrateBuild({ source, reference, texts, threads }, onProgress);
    return buildModel({ ...build, ...calibrated }, onProgress);
  });
}

/** Random weights with an INT8 cache, which holds what random weights make of the bundled text. Throws as `buildCalibrated`. */
export async function buildRandomCached(
  build: RandomBuildOptions,
  threads: number,
  onProgress: OnProgress,
): Promise<Manifest> {
  const { shape, seed, out } = build;
  await checkTarget(out, build.force ?? false);
  const buildFp32: BuildReference = (options, tell) => buildRandomModel({ ...options, shape, seed }, tell);
  return withTemporaryBuild({ near: out, build: buildFp32, onProgress }, async (reference) => {
    const cacheRanges = await measureCacheRanges({ reference, text: null, threads });
    return buildRandomModel({ ...build, cacheRanges }, onProgress);
  });
}

export interface CalibrateOptions extends Pick<CalibratedBuildOptions, 'texts' | 'threads'> {
  /** The Hugging Face folder, and the folder of its FP32 build. */
  readonly source: string;
  readonly reference: string;
}

/** What a build takes from its calibration. */
export async function calibrateBuild(
  { source, reference, texts, threads }: CalibrateOptions,
  onProgress: OnProgress,
): Promise<Pick<OutputOptions, 'calibration' | 'cacheRanges'>> {
  const { activations, cache } = texts;
  const calibration =
    activations === undefined
      ? undefined
      : await calibrate({ source, reference, text: activations, threads }, onProgress);
  if (cache === undefined) return { calibration };
  onProgress({ done: 0, total: 1, what: 'measuring what the KV cache holds' });
  return { calibration, cacheRanges: await measureCacheRanges({ reference, text: cache, threads }) };
}
