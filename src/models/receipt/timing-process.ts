/** The process in which one model is timed: loads it, runs what its parent asks for, ends when the parent leaves. */
import { OctavoError } from '../../errors.js';
import type { TimingReply, TimingRequest, TimingSetup } from './timed-model.js';
import { loadTimedRuns } from './timed-runs.js';

const reply = (message: TimingReply) => process.send?.(message);

try {
  await answer(JSON.parse(process.argv[2] ?? '') as TimingSetup);
} catch (error) {
  replyError(error);
  process.disconnect();
}

async function answer(setup: TimingSetup): Promise<void> {
  const runs = await loadTimedRuns(setup);
  process.on('disconnect', () => void runs.close());
  process.on('message', async (request: TimingRequest) => {
    if (request.kind === 'resident') reply({ kind: 'resident', bytes: process.memoryUsage.rss() });
    else await runs.time(request.run).then((times) => reply({ kind: 'times', times }), replyError);
  });
  reply({ kind: 'ready', model: runs.kind, info: runs.info, tokens: runs.tokens });
}

function replyError(error: unknown): void {
  const code = error instanceof OctavoError ? error.code : 'internal_error';
  reply({ kind: 'error', code, message: (error as Error).message });
}
