/** Hundreds of random schedules: whatever happens around it, a sequence says what it says alone. */
import { expect, test } from 'vitest';
import type { Heard } from '../support/batching.js';
import { saysAlone } from '../support/owned-tokens.js';
import { type Life, RandomSchedule } from '../support/random-schedule.js';

const schedules = 400;

/** What happened over all schedules: the property says little unless everything did, often. */
const seen = {
  undisturbed: 0,
  cancelled: 0,
  left: 0,
  lost: 0,
  moves: 0,
  grouped: 0,
  guessed: 0,
  chunks: 0,
  together: 0,
  stopped: 0,
  restarts: 0,
};

function checkHeard(life: Life, heard: Heard): void {
  const alone = saysAlone(life.request);
  if (heard.error !== null) {
    expect(heard.error.message).toBe('lost');
    expect(life.lost).toBe(true);
    expect(alone.text.startsWith(heard.text)).toBe(true);
    seen.lost++;
  } else if (life.reader === 'leaving') {
    expect(alone.text.startsWith(heard.text)).toBe(true);
    seen.left++;
  } else if (heard.finish === 'cancelled') {
    expect(life.cancelled).toBe(true);
    expect(alone.text.startsWith(heard.text)).toBe(true);
    seen.cancelled++;
  } else {
    expect(heard).toMatchObject({ text: alone.text, finish: alone.finish });
    expect(life.sequence.completionTokens).toBe(alone.tokens);
    expect(life.lost).toBe(false);
    seen.undisturbed++;
    if (alone.finish === 'stop') seen.stopped++;
  }
}

function checkEnd({ batching, lives }: RandomSchedule): void {
  const { batcher, finished } = batching;
  expect({ running: batcher.running, waiting: batcher.waiting, kvUsage: batcher.kvUsage }).toEqual({
    running: 0,
    waiting: 0,
    kvUsage: 0,
  });
  // Each sequence is told of once.
  expect(finished).toHaveLength(lives.length);
  expect(new Set(finished)).toEqual(new Set(lives.map(({ sequence }) => sequence)));
}

function checkPrefills({ batching, limits }: RandomSchedule): void {
  for (const { kind, rows, tokens, paddedTokens } of batching.steps) {
    if (kind === 'decode' || rows === 1) continue;
    if (limits.grouping === 'length') expect(1 - tokens / paddedTokens).toBeLessThanOrEqual(limits.maxWaste);
    expect(paddedTokens).toBeLessThanOrEqual(limits.prefillTokens);
    seen.together++;
  }
}

test(`in ${schedules} random schedules`, async () => {
  for (let seed = 1; seed <= schedules; seed++) {
    const schedule = new RandomSchedule(seed);
    const heard = await schedule.run();
    const { violations, steps, restarts } = schedule.batching.engine;
    expect(violations, `seed ${seed}`).toEqual([]);
    expect(schedule.fairness.violations, `seed ${seed}`).toEqual([]);
    expect(schedule.violations, `seed ${seed}`).toEqual([]);
    schedule.lives.forEach((life, index) => {
      checkHeard(life, heard[index]!);
    });
    checkEnd(schedule);
    checkPrefills(schedule);
    seen.moves += steps.reduce((sum, { moves }) => sum + moves.length, 0);
    seen.chunks += steps.filter(({ work }) => work.kind === 'prefill' && work.chunks[0]!.past > 0).length;
    seen.grouped += schedule.batching.steps.filter(({ rounds }) => rounds > 1).length;
    seen.guessed += schedule.batching.steps.filter(({ speculation }) => speculation?.accepted).length;
    seen.restarts += restarts;
  }
  for (const [what, count] of Object.entries(seen)) expect(count, what).toBeGreaterThan(100);
});
