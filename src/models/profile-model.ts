/** Runs a model's steps with a profile, and says in which provider, and which of its operators, their time goes. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { counted } from '../counted.js';
import { OctavoError } from '../errors.js';
import { type LoadedDecoder, loadModel } from './load-model.js';
import type { LoadOptions } from './load-options.js';
import { decode, prefill, promptIds } from './receipt/engine-runs.js';
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

/** Loads the model once more, as writing a profile slows it. Throws what loading throws. */
export async function profileModel(options: LoadOptions, settings: ProfileSettings): Promise<readonly ProfiledStep[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'octavo-profile-'));
  try {
    const loaded = await loadModel({ ...options, replicas: 1, profile: path.join(folder, 'run') });
    try {
      if (loaded.kind === 'decoder') await runDecoder(loaded, settings);
      else await runEncoder(loaded.engine, loaded.model.tokenizer.vocabSize, settings);
    } finally {
      await loaded.close();
    }
    const files = await readProfiles(folder);
    return loaded.kind === 'decoder' ? decoderSteps(files, settings) : encoderSteps(files, settings);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The order that `decoderSteps` counts on. */
async function runDecoder({ engine, model }: LoadedDecoder, { rows, prompt, steps }: ProfileSettings): Promise<void> {
  const ids = (seed: number) => promptIds(seed, prompt, model.tokenizer.vocabSize);
  for (let row = 0; row < rows; row++) await prefill(engine, row, ids(row));
  for (let step = 0; step < warmUps + steps; step++) await decode(engine, rows);
  for (let i = 0; i < repeats; i++) await prefill(engine, 0, ids(i));
}

async function runEncoder(
  engine: { step(step: { texts: readonly (readonly number[])[]; length: number }): Promise<unknown> },
  vocab: number,
  { rows, prompt }: ProfileSettings,
): Promise<void> {
  const texts = Array.from({ length: rows }, (_, row) => promptIds(row, prompt, vocab));
  for (let i = 0; i < warmUps + repeats; i++) await engine.step({ texts, length: prompt });
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
