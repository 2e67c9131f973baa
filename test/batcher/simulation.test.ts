/** Simulated runs: a piece of a real trace, and one long prompt beside short ones. */
import { describe, expect, test } from 'vitest';
import { defaultLimits } from '#octavo/batcher/scheduler.js';
import type { Step } from '#octavo/models/decoder/step.js';
import { Random } from '../support/random.js';
import { quantile, rows, serveTrace } from '../support/simulated-traffic.js';
import { Simulation } from '../support/simulation.js';
import { stepMilliseconds } from '../support/step-costs.js';
import { type Arrival, readTrace } from '../support/trace.js';

const trace = readTrace('test/fixtures/traces/azure-conversation.csv');

describe('a real trace', () => {
  // As it is, most prompts are computed in chunks; an eighth as long, most are prefilled together.
  test.each([
    { count: 1000, slower: 24, shorter: 1 },
    { count: 1000, slower: 6, shorter: 8 },
  ])('is served whole and wastes under a tenth on padding: $count requests', async (traffic) => {
    const octavo = await serveTrace(trace, traffic, 'length');
    const firstCome = await serveTrace(trace, traffic, 'arrival');
    for (const { violations, finishes, fairness } of [octavo, firstCome]) {
      expect(violations).toEqual([]);
      expect(finishes.length + finishes.cancelled).toBe(traffic.count);
      expect(finishes.cancelled).toBeGreaterThan(5);
      expect(fairness.patienceUsed).toBeLessThanOrEqual(1);
    }
    if (traffic.shorter > 1) expect(octavo.prefill.together).toBeGreaterThan(20);
    expect(octavo.waste).toBeLessThan(0.1);
    expect(octavo.waste).toBeLessThan(firstCome.waste);
  });
});

describe('one prompt of 4,000 tokens beside 20 short ones', () => {
  const random = new Random(20);
  const short = (at: number): Arrival => ({ at, promptTokens: random.between(16, 64), outputTokens: 200 });
  const shorts = Array.from({ length: 20 }, () => short(0));
  const long: Arrival = { at: 0, promptTokens: 4000, outputTokens: 200 };
  const serve = async (arrivals: readonly Arrival[]) => {
    const run = await new Simulation(arrivals, { rows, capacity: 4608, scheduler: defaultLimits }).run();
    expect(run.violations).toEqual([]);
    return run.firstToken;
  };

  test('that arrive with it: neither waits much longer for its first token', async () => {
    const without = await serve(shorts);
    const [ownTime, ...beside] = await serve([long, ...shorts]);
    expect(quantile(beside, 0.95)).toBeLessThan(2 * quantile(without, 0.95));
    // Decode alone beside it: it comes when the others have their first tokens.
    const after = await serve([...shorts, { ...long, at: Math.max(...without.map(Number)) + 1 }]);
    expect(ownTime! / after.at(-1)!).toBeLessThan(1.25);
  });

  test('that arrive while it is computed: each waits for one chunk, not for the prompt', async () => {
    const arriving = shorts.map((one, index) => ({ ...one, at: 1 + index * 400 }));
    const beside = (await serve([long, ...arriving])).slice(1);
    const lastChunk: Step = {
      moves: [],
      work: { kind: 'prefill', firstRow: rows - 1, chunks: [{ ids: new Array(256).fill(1), past: 3744 }] },
    };
    expect(quantile(beside, 1)).toBeLessThan(1.5 * stepMilliseconds(lastChunk, 0));
  });
});
