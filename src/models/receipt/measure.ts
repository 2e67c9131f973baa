/** Measures a receipt: a model against its FP32 reference, in quality, speed and size, on this machine. */
import { OctavoError } from '../../errors.js';
import { type ModelFolder, openModelFolder } from '../model-folder.js';
import { packageVersion } from '../package-version.js';
import { compareModels } from './comparer.js';
import { summarise } from './comparison.js';
import { machineInfo } from './machine.js';
import { chooseText, type MeasurementText, type TextOptions } from './measurement-text.js';
import type { OnProgress } from './progress.js';
import type { Receipt } from './receipt.js';
import { measuredFiles } from './receipt-file.js';
import { measureSpeed, type Speed } from './speed.js';

export interface MeasureOptions extends TextOptions {
  /** The model folder whose receipt is wanted. */
  readonly model: string;
}

/** How near a model is to its reference. */
export interface Quality {
  readonly text: MeasurementText;
  readonly summary: ReturnType<typeof summarise>;
}

/**
 * Measures on `text` where there is one already, else on what the options say. Throws `invalid_config` when the folders
 * do not belong together, and what loading and running throw.
 */
export async function measureQuality(
  options: MeasureOptions,
  onProgress: OnProgress,
  chosen?: MeasurementText,
): Promise<Quality> {
  const reference = await openModelFolder(options.reference);
  const model = await openModelFolder(options.model);
  checkPair(reference, model);
  const text = chosen ?? (await chooseText(options, model, onProgress));
  const comparison = await compareModels(
    { ...options, reference: reference.graph, model: model.graph, shape: windowShape(model, text) },
    text.windows,
    (done) => onProgress({ done, total: text.windows.length, what: 'comparing with FP32' }),
  );
  return { text, summary: summarise(comparison) };
}

/** The whole receipt; `quality` where it was measured already. Throws as `measureQuality`. */
export async function measureReceipt(
  options: MeasureOptions,
  onProgress: OnProgress = () => {},
  quality?: Quality,
): Promise<Receipt> {
  const { text, summary } = quality ?? (await measureQuality(options, onProgress));
  const reference = await openModelFolder(options.reference);
  const model = await openModelFolder(options.model);
  const precision = checkPair(reference, model);
  const speed = await measureSpeed(options, (done, total) => onProgress({ done, total, what: 'timing both' }));
  return {
    format: 1,
    date: new Date().toISOString(),
    model: model.manifest.name,
    precision,
    ...measuredFiles(model.manifest),
    text: text.info,
    ...summary,
    speed: [...speed.speed],
    disk: { reference: graphBytes(reference), model: graphBytes(model) },
    resident: speed.resident,
    ...(await describeSetting(speed.info)),
  };
}

/** Gives the precision that is measured. */
function checkPair(reference: ModelFolder, model: ModelFolder): Receipt['precision'] {
  const [a, b] = [reference.manifest, model.manifest];
  const refuse = (sentence: string): never => {
    throw new OctavoError('invalid_config', sentence);
  };
  if (a.precision !== 'fp32') refuse(`The reference must be fp32; ${a.name} is ${a.precision}.`);
  if (a.architecture !== b.architecture || JSON.stringify(a.shape) !== JSON.stringify(b.shape)) {
    refuse(`${a.name} and ${b.name} are not the same model: their architectures or shapes differ.`);
  }
  return b.precision === 'fp32' ? refuse(`A receipt compares a precision with FP32; ${b.name} is fp32.`) : b.precision;
}

/** One row that holds a window. */
function windowShape({ manifest }: ModelFolder, { info }: MeasurementText) {
  return { ...manifest.shape, rows: 1, capacity: info.window };
}

/** Bytes of the graph and the weights beside it. */
function graphBytes({ manifest }: ModelFolder): number {
  const files = manifest.files.filter(({ path }) => path === manifest.graph || path === `${manifest.graph}_data`);
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}

async function describeSetting(
  info: Speed['info'],
): Promise<Pick<Receipt, 'versions' | 'machine' | 'runtime' | 'provider' | 'threads'>> {
  const { cpu, cores, memoryGiB, features, platform, node } = machineInfo();
  return {
    versions: { octavo: await packageVersion(), onnxruntime: info.version, node },
    machine: { cpu, cores, memory: memoryGiB, features, platform },
    runtime: info.runtime,
    provider: info.provider,
    threads: info.threads,
  };
}
