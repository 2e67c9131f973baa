/** Measures a receipt: a model against its FP32 reference, in quality, speed and size, on this machine. */
import { OctavoError } from '../../errors.js';
import { type ModelFolder, openModelFolder } from '../model-folder.js';
import { packageVersion } from '../package-version.js';
import { useOrtLibrary } from '../runtime/ort-library.js';
import type { RunOptions } from './comparison-protocol.js';
import type { Gauge, Quality } from './gauge.js';
import type { TextOptions } from './gauge-options.js';
import { machineInfo } from './machine.js';
import { openGauge } from './open-gauge.js';
import type { OnProgress } from './progress.js';
import type { Receipt } from './receipt.js';
import { measuredFiles } from './receipt-file.js';
import { measureSpeed, type Speed } from './speed.js';

export interface MeasureOptions extends TextOptions, RunOptions {
  /** Folder of the same model in FP32. */
  readonly reference: string;
  /** The model folder whose receipt is wanted. */
  readonly model: string;
  /** Another build of ONNX Runtime, for the whole process. */
  readonly ortLibrary?: string | null;
}

/** A quality, and what it was measured with. */
export interface Measured {
  readonly gauge: Gauge;
  readonly quality: Quality;
}

/**
 * Measures with `gauge` where there is one already, else on what the options say. Throws `invalid_config` when the folders
 * do not belong together, and what loading and running throw.
 */
export async function measureQuality(
  options: MeasureOptions,
  onProgress: OnProgress,
  gauge?: Gauge,
): Promise<Measured> {
  const reference = await openModelFolder(options.reference);
  const model = await openModelFolder(options.model);
  checkPair(reference, model);
  const { runtime, device, threads } = options;
  const run = { runtime, device, threads };
  const used =
    gauge ?? (await openGauge({ ...options, reference, model, referencePath: options.reference, run, onProgress }));
  return { gauge: used, quality: await used.measure(model, onProgress) };
}

/** The whole receipt; `quality` where it was measured already. Throws as `measureQuality`. */
export async function measureReceipt(
  options: MeasureOptions,
  onProgress: OnProgress = () => {},
  quality?: Quality,
): Promise<Receipt> {
  useOrtLibrary(options.ortLibrary ?? null);
  const { figures } = quality ?? (await measureQuality(options, onProgress)).quality;
  const reference = await openModelFolder(options.reference);
  const model = await openModelFolder(options.model);
  const precision = checkPair(reference, model);
  const speed = await measureSpeed(options, (done, total) => onProgress({ done, total, what: 'timing both' }));
  return {
    format: 1,
    date: new Date().toISOString(),
    model: model.manifest.name,
    precision,
    ...(model.manifest.kvCache && { kvCache: model.manifest.kvCache }),
    ...measuredFiles(model.manifest),
    ...figures,
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
  if (a.kvCache !== undefined)
    refuse(`The reference must have its KV cache in float32; that of ${a.name} is ${a.kvCache}.`);
  const facts = ({ architecture, shape, task, labels, dimensions }: ModelFolder['manifest']) =>
    JSON.stringify([architecture, shape, task, labels, dimensions]);
  if (facts(a) !== facts(b)) {
    refuse(`${a.name} and ${b.name} are not the same model: their architectures, shapes or tasks differ.`);
  }
  return b.precision === 'fp32' ? refuse(`A receipt compares a precision with FP32; ${b.name} is fp32.`) : b.precision;
}

/** Bytes of every graph and the weights beside it. */
function graphBytes({ manifest }: ModelFolder): number {
  const graphs = [manifest.graph, ...(manifest.encoder ? [manifest.encoder.graph] : [])];
  const paths = graphs.flatMap((graph) => [graph, `${graph}_data`]);
  return manifest.files.reduce((sum, { path, bytes }) => sum + (paths.includes(path) ? bytes : 0), 0);
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
