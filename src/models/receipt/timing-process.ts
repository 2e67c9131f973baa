/** The process in which one model is timed: loads it, runs what its parent asks for, ends when the parent leaves. */
import { OctavoError } from '../../errors.js';
import { type LoadedDecoder, loadDecoder } from '../load-model.js';
import { decode, prefill, promptIds, time } from './engine-runs.js';
import type { TimedRun, TimingReply, TimingRequest, TimingSetup } from './timed-model.js';

const rows = 16;
const capacity = 512;
const longestPrompt = 128;
const warmUps = 2;

const reply = (message: TimingReply) => process.send?.(message);

try {
  await answer(JSON.parse(process.argv[2] ?? '') as TimingSetup);
} catch (error) {
  replyError(error);
  process.disconnect();
}

async function answer(setup: TimingSetup): Promise<void> {
  const loaded = await loadDecoder({ ...setup, name: null, rows, context: capacity });
  process.on('disconnect', () => void loaded.close());
  const runs = createRuns(loaded);
  process.on('message', async (request: TimingRequest) => {
    if (request.kind === 'resident') reply({ kind: 'resident', bytes: process.memoryUsage.rss() });
    else await runs.time(request.run).then((times) => reply({ kind: 'times', times }), replyError);
  });
  reply({ kind: 'ready', info: loaded.model.runtime, promptTokens: runs.promptTokens });
}

function createRuns({ engine, model }: LoadedDecoder) {
  const promptTokens = Math.min(longestPrompt, engine.capacity >> 1);
  const prompt = (row: number) => promptIds(row, promptTokens, model.tokenizer.vocabSize);
  /** Tokens of the longest row. */
  let cached = engine.capacity;
  const fill = async () => {
    for (let row = 0; row < rows; row++) await prefill(engine, row, prompt(row));
    cached = promptTokens;
  };
  return {
    promptTokens,
    time: async ({ run, rows: active, count }: TimedRun) => {
      if (run === 'prefill') return time({ count, warmUps: 1 }, (i) => prefill(engine, 0, prompt(i)));
      if (cached + count + warmUps > engine.capacity) await fill();
      cached += count + warmUps;
      return time({ count, warmUps }, () => decode(engine, active));
    },
  };
}

function replyError(error: unknown): void {
  const code = error instanceof OctavoError ? error.code : 'internal_error';
  reply({ kind: 'error', code, message: (error as Error).message });
}
