/** A calibrated build that is not measured: an FP32 build is made beside it for the time of the calibration. */
import { type BuildOptions, buildModel } from '../build/build.js';
import { checkTarget } from '../build/folder/output-folder.js';
import type { Manifest } from '../manifest.js';
import type { OnProgress } from '../receipt/progress.js';
import { withReference } from '../receipt/reference.js';
import { calibrate } from './calibrate.js';
import type { CalibrationText } from './calibration-text.js';

export interface CalibratedBuildOptions {
  /** Of an int8 build. */
  readonly build: BuildOptions;
  readonly text: CalibrationText;
  readonly threads: number;
}

/** Throws what building and calibrating throw; nothing is left then. */
export async function buildCalibrated(
  { build, text, threads }: CalibratedBuildOptions,
  onProgress: OnProgress,
): Promise<Manifest> {
  const { source, out } = build;
  await checkTarget(out, build.force ?? false);
  return withReference({ source, near: out, onProgress }, async (reference) => {
    const calibration = await calibrate({ source, reference, text, threads }, onProgress);
    return buildModel({ ...build, calibration }, onProgress);
  });
}
