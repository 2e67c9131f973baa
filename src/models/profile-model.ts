/** Runs a model's steps with a profile, and says in which provider, and which of its operators, their time goes. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { counted } from '../counted.js';
import { OctavoError } from '../errors.js';
import type { LoadedEncoder } from './load-encoder.js';
import { type LoadedDecoder, loadModel } from './load-model.js';
import type { LoadOptions } from './load-options.js';
import { decode, prefill, promptIds } from './receipt/engine-runs.js';
import type { OnProgress } from './receipt/progress.js';
import { parseProfile, type TimedRun } from './runtime/profile-file.js';
import { type TimeShares, timeShares } from './runtime/time-shares.js';

export interface ProfileSettings {
  /** Rows, or texts, of a step. */
  readonly rows: number;
  /** Tokens of a prompt, or of a text. */
  readonly prompt: number;
  readonly steps: number;
}

export interface ProfiledStep {
  /** `decode step of 4 rows` */
  readonly step: string;
  readonly shares: TimeShares;
}

const warmUps = 2;
/** Prompts that are measured, or for an encoder batches. */
const repeats = 4;

/**
 * Loads the model once more, as writing a profile slows it. What `onProgress` throws ends that, and leaves no files.
 * Throws what loading throws.
 */
export async function profileModel(
  options: LoadOptions,
  settings: ProfileSettings,
  onProgress: OnProgress,
): Promise<readonly ProfiledStep[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'octavo-profile-'));
  try {
    const loaded = await loadModel({ ...options, replicas: 1, profile: path.join(folder, 'run') });
    try {
      const runs = loaded.kind === 'decoder' ? decoderRuns(loaded, settings) : encoderRuns(loaded, settings);
      for (const [done, run] of runs.entries()) {
        onProgress({ done, total: runs.length, what: 'writing a profile' });
        await run();
      }
      onProgress({ done: 1, total: 1, what: 'writing a profile' });
    } finally {
      await loaded.close();
    }
    const files = await readProfiles(folder);
    return loaded.kind === 'decoder' ? decoderSteps(files, settings) : encoderSteps(files, settings);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

type Run = () => Promise<unknown>;

/** In the order that `decoderSteps` counts on. */
function decoderRuns({ engine, model }: LoadedDecoder, { rows, prompt, steps }: ProfileSettings): readonly Run[] {
  const fill = (row: number, seed: number) => prefill(engine, row, promptIds(seed, prompt, model.tokenizer.vocabSize));
  return [
    ...Array.from({ length: rows }, (_, row) => () => fill(row, row)),
    ...Array.from({ length: warmUps + steps }, () => () => decode(engine, rows)),
    ...Array.from({ length: repeats }, (_, seed) => () => fill(0, seed)),
  ];
}

function encoderRuns({ engine, model }: LoadedEncoder, { rows, prompt }: ProfileSettings): readonly Run[] {
  const texts = Array.from({ length: rows }, (_, row) => promptIds(row, prompt, model.tokenizer.vocabSize));
  return Array.from({ length: warmUps + repeats }, () => () => engine.step({ texts, length: prompt }));
}

/** The runs of each graph. */
async function readProfiles(folder: string): Promise<readonly (readonly TimedRun[])[]> {
  const names = (await readdir(folder)).toSorted();
  if (names.length === 0) throw new OctavoError('runtime_unavailable', 'ONNX Runtime wrote no profile.');
  return Promise.all(names.map(async (name) => parseProfile(await readFile(path.join(folder, name), 'utf8'))));
}

/**
 * Of two graphs, an encoder and a decoder, both run in a prefill; rows whose cache grows run one by one in a decode step. The
 * parts of a model on several devices all run in both: their times are added.
 */
function decoderSteps(
  graphs: readonly (readonly TimedRun[])[],
  { rows, prompt, steps }: ProfileSettings,
): readonly ProfiledStep[] {
  const most = Math.max(...graphs.map(({ length }) => length));
  const runsOfStep = (most - rows - repeats) / (warmUps + steps);
  const decoding = graphs.filter(({ length }) => length === most);
  const decoded = decoding.flatMap((runs) => runs.slice(-repeats - steps * runsOfStep, -repeats));
  const prefilled = graphs.flatMap((graph) => graph.slice(-repeats));
  return [
    { step: `decode step of ${counted(rows, 'row')}`, shares: timeShares(decoded, steps) },
    { step: `prompt of ${prompt} tokens`, shares: timeShares(prefilled, repeats) },
  ];
}

function encoderSteps([runs = []]: readonly (readonly TimedRun[])[], { rows, prompt }: ProfileSettings) {
  return [{ step: `${rows} x ${prompt} tokens`, shares: timeShares(runs.slice(-repeats), repeats) }];
}
