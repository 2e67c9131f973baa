/** 10,000 requests or SOAK_REQUESTS, one in ten cut off: the server's memory stays flat, and nothing is left behind. */
import autocannon from 'autocannon';
import { expect, it } from 'vitest';
import { startServerWith } from '../support/server-process.js';

const thousand = 1000;
const thousands = Math.ceil(Number(process.env.SOAK_REQUESTS ?? 10_000) / thousand);

it(`keeps its memory over ${thousands},000 requests`, { timeout: 60_000 * thousands }, async () => {
  // A small heap is collected often, and one for what is short-lived does not grow by 15 MiB at some time; otherwise the readings
  // show when the collector did what, not what is kept.
  const heap = ['--max-old-space-size=80', '--max-semi-space-size=2'];
  const server = await startServerWith(heap, ['--log-level', 'silent']);
  // The first three thousand bring the heap and the native arena to their size.
  for (let i = 0; i < 3; i++) await load(server.url);
  const memory = [server.memory()];
  for (let i = 0; i < thousands; i++) {
    await load(server.url);
    memory.push(server.memory());
  }
  // The last clients that left may still be on their way out.
  let metrics = '';
  do metrics = await (await fetch(`${server.url}/metrics`)).text();
  while (!/octavo_sequences_running\{model="concierge"\} 0\n/.test(metrics));
  expect(metrics).toMatch(/octavo_sequences_waiting\{model="concierge"\} 0\n/);
  const cancelled = (3 + thousands) * 100;
  expect(metrics).toMatch(new RegExp(`octavo_requests_cancelled_total\\{[^}]*\\} ${cancelled}\n`));
  expect(await server.stop()).toBe(0);
  const mebibytes = memory.map((bytes) => Math.round(bytes / 2 ** 20));
  console.log(`resident MiB after each 1,000 requests: ${mebibytes.join(' ')}`);
  // Less than 1 MiB for each 1,000 requests, by the slope of the best line through all readings.
  expect(slope(memory)).toBeLessThan(2 ** 20);
});

/** 900 requests that are read to the end, then 100 whose clients leave after the first bytes. */
async function load(url: string): Promise<void> {
  const body = JSON.stringify({ prompt: 'I would like to book', max_tokens: 8, ignore_eos: true });
  const headers = { 'content-type': 'application/json' };
  const result = await autocannon({
    ...{ url: `${url}/v1/completions`, method: 'POST', headers, body },
    ...{ connections: 16, amount: (thousand * 9) / 10 },
  });
  expect(result.errors + result.non2xx + result.timeouts).toBe(0);
  const leaving = Array.from({ length: thousand / 10 }, async (_, index) => {
    const controller = new AbortController();
    const long = JSON.stringify({ prompt: `Client ${index}`, max_tokens: 300, ignore_eos: true, stream: true });
    const response = await fetch(`${url}/v1/completions`, {
      ...{ method: 'POST', headers, body: long, signal: controller.signal },
    });
    await response.body?.getReader().read();
    controller.abort();
  });
  await Promise.all(leaving);
}

/** Least squares, in bytes for each reading. */
function slope(values: readonly number[]): number {
  const mean = (values.length - 1) / 2;
  const level = values.reduce((sum, value) => sum + value, 0) / values.length;
  const covariance = values.reduce((sum, value, index) => sum + (index - mean) * (value - level), 0);
  return covariance / values.reduce((sum, _, index) => sum + (index - mean) ** 2, 0);
}
