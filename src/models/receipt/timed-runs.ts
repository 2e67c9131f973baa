/** A loaded model, and the runs by which it is timed. */
import { invariant } from '../../errors.js';
import { EncoderReplica } from '../encoder/replica.js';
import { encoderShape } from '../encoder-plan.js';
import { type LoadedDecoder, loadDecoder } from '../load-model.js';
import { type ModelFolder, openModelFolder } from '../model-folder.js';
import type { RuntimeInfo } from '../served-model.js';
import { decode, prefill, promptIds, time } from './engine-runs.js';
import type { TimedRun, TimingSetup } from './timed-model.js';

export interface TimedRuns {
  readonly kind: 'decoder' | 'encoder';
  readonly info: RuntimeInfo;
  /** Tokens of a prompt or text. */
  readonly tokens: number;
  /** Milliseconds of each step. */
  time(run: TimedRun): Promise<readonly number[]>;
  close(): Promise<void>;
}

const rows = 16;
const capacity = 512;
const longestPrompt = 128;
const warmUps = 2;

/** Throws what loading throws. */
export async function loadTimedRuns(setup: TimingSetup): Promise<TimedRuns> {
  const folder = await openModelFolder(setup.folder);
  if (folder.manifest.task !== 'generate') return loadEncoderRuns(folder, setup);
  return decoderRuns(await loadDecoder({ ...setup, name: null, rows, context: capacity }));
}

function decoderRuns({ engine, model, close }: LoadedDecoder): TimedRuns {
  const tokens = Math.min(longestPrompt, engine.capacity >> 1);
  const prompt = (row: number) => promptIds(row, tokens, model.tokenizer.vocabSize);
  /** Tokens of the longest row. */
  let cached = engine.capacity;
  const fill = async () => {
    for (let row = 0; row < rows; row++) await prefill(engine, row, prompt(row));
    cached = tokens;
  };
  return {
    ...{ kind: 'decoder', info: model.runtime, tokens, close },
    time: async ({ run, rows: active, count }) => {
      if (run === 'prefill') return time({ count, warmUps: 1 }, (i) => prefill(engine, 0, prompt(i)));
      if (cached + count + warmUps > engine.capacity) await fill();
      cached += count + warmUps;
      return time({ count, warmUps }, () => decode(engine, active));
    },
  };
}

/** Without its tokenizer, and so of models that tag as well. */
async function loadEncoderRuns({ graph, manifest }: ModelFolder, setup: TimingSetup): Promise<TimedRuns> {
  const { context, vocab } = manifest.shape;
  const tokens = Math.min(longestPrompt, context);
  const { runtime, device, threads } = setup;
  const { replica, info } = await EncoderReplica.start(
    { graph, shape: encoderShape(manifest), runtime, device, precision: manifest.precision, threads },
    { rows, capacity: tokens },
  );
  return {
    ...{ kind: 'encoder', info, tokens, close: () => replica.close() },
    time: async ({ run, rows: together, count }) => {
      invariant(run === 'encode', 'an encoder is timed by encoding');
      const texts = Array.from({ length: together }, (_, row) => promptIds(row, tokens, vocab));
      return time({ count, warmUps: 1 }, async () => void (await replica.step({ texts, length: tokens })));
    },
  };
}
