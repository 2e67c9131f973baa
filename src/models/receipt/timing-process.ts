/** The process in which one model is timed: loads it, runs what its parent asks for, ends when the parent leaves. */
import { toFailure } from '../worker/thread-protocol.js';
import type { TimingReply, TimingRequest, TimingSetup } from './timed-model.js';
import { loadTimedRuns } from './timed-runs.js';

const reply = (message: TimingReply) => process.send?.(message);
const replyFailure = (error: unknown) => reply(toFailure(error));

try {
  await answer(JSON.parse(process.argv[2] ?? '') as TimingSetup);
} catch (error) {
  replyFailure(error);
  process.disconnect();
}

async function answer(setup: TimingSetup): Promise<void> {
  const runs = await loadTimedRuns(setup);
  process.on('disconnect', () => void runs.close());
  process.on('message', async (request: TimingRequest) => {
    if (request.kind === 'resident') reply({ kind: 'resident', bytes: process.memoryUsage.rss() });
    else await runs.time(request.run).then((times) => reply({ kind: 'times', times }), replyFailure);
  });
  reply({ kind: 'ready', model: runs.kind, info: runs.info, tokens: runs.tokens });
}
