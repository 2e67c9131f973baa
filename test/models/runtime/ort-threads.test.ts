/** Sessions of the machine's own number of threads share one pool; others have theirs. */
import { readdirSync } from 'node:fs';
import { afterAll, expect, it } from 'vitest';
import { countThreads } from '#octavo/machine.js';
import { weighingGraph } from '#octavo/models/decoder/weighing-graph.js';
import { findOrtLibrary } from '#octavo/models/runtime/ort-library.js';
import { openOrtRuntime } from '#octavo/models/runtime/ort-session.js';
import { cpu, type Session } from '#octavo/models/runtime/runtime.js';

const opened: Session[] = [];
afterAll(async () => {
  for (const session of opened) await session.close();
});

it.runIf(process.platform === 'linux')('opens no threads for a session that shares the pool', async () => {
  const runtime = openOrtRuntime(findOrtLibrary());
  const graph = await weighingGraph(64);
  const { threads } = countThreads();
  const threadsOf = async (count: number) => {
    const before = countTasks();
    opened.push(await runtime.open(graph, { device: cpu, threads: count }));
    return countTasks() - before;
  };
  expect(await threadsOf(threads)).toBe(0);
  expect(await threadsOf(threads)).toBe(0);
  expect(await threadsOf(threads + 3)).toBe(threads + 2);
});

/** Threads of this process, as the system counts them. */
function countTasks(): number {
  return readdirSync('/proc/self/task').length;
}
