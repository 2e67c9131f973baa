/** 100,000 requests of a real trace, served by a virtual clock, under both groupings. */
import { expect, it } from 'vitest';
import { serveTrace, summary } from '../support/simulated-traffic.js';
import { readTrace } from '../support/trace.js';

const trace = readTrace('../shared/data/traces/AzureLLMInferenceTrace_conv.csv');
const count = 100_000;

it.each([
  ['as it is', { count, slower: 30 }],
  ['prompts an eighth as long', { count, slower: 7, shorter: 8 }],
])('serves 100,000 requests of the trace, %s', { timeout: 600_000 }, async (name, traffic) => {
  const octavo = await serveTrace(trace, traffic, 'length');
  const firstCome = await serveTrace(trace, traffic, 'arrival');
  console.log([summary(`${name}, similar lengths`, octavo), summary(`${name}, first come`, firstCome)].join('\n'));
  for (const { violations, finishes, fairness } of [octavo, firstCome]) {
    expect(violations).toEqual([]);
    expect(finishes.length + finishes.cancelled).toBe(count);
    expect(fairness.patienceUsed).toBeLessThanOrEqual(1);
  }
  expect(octavo.waste).toBeLessThan(0.1);
  expect(octavo.waste).toBeLessThan(firstCome.waste);
});
