/** The FP32 build that a model is measured against: there already, or made for the time of the measurement. */
import { randomUUID } from 'node:crypto';
import { access, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { type BuildProgress, buildModel, type OutputOptions } from '../build/build.js';
import type { Calibration } from '../build/graph/factors.js';

export interface ReferenceOptions {
  /** A folder that `octavo build` wrote, or a Hugging Face folder: then FP32 is built from it, and removed afterwards. */
  readonly source: string;
  /** The temporary build stands beside this path, hidden: there is room for weights. */
  readonly near: string;
  /** What the temporary build moves between weights, as the model does that it stands beside. */
  readonly calibration?: Calibration | undefined;
  readonly onProgress: (progress: BuildProgress) => void;
}

/** Gives `use` the folder of an FP32 build. Throws what building throws. */
export async function withReference<T>(options: ReferenceOptions, use: (folder: string) => Promise<T>): Promise<T> {
  const { source, calibration } = options;
  if (await exists(join(source, 'manifest.json'))) return use(source);
  const build: BuildReference = (output, tell) => buildModel({ ...output, source, calibration }, tell);
  return withTemporaryBuild({ ...options, build }, use);
}

/** Builds into the folder of its options. */
export type BuildReference = (options: OutputOptions, onProgress: ReferenceOptions['onProgress']) => Promise<unknown>;

/** The same with a build of any source. */
export async function withTemporaryBuild<T>(
  { near, build, onProgress }: Pick<ReferenceOptions, 'near' | 'onProgress'> & { readonly build: BuildReference },
  use: (folder: string) => Promise<T>,
): Promise<T> {
  const target = resolve(near);
  const folder = join(dirname(target), `.${basename(target)}.reference-${randomUUID()}`);
  try {
    const rename = ({ done, total }: BuildProgress) => onProgress({ done, total, what: 'building the FP32 reference' });
    await build({ out: folder, precision: 'fp32', name: 'reference' }, rename);
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
