/** The merge of several async iterators: order, fairness, errors, abort. */
import { expect, test } from 'vitest';
import { merge } from '#octavo/server/merge.js';

const never = new AbortController().signal;

async function* count(to: number, onReturn = () => {}) {
  try {
    for (let value = 0; value < to; value++) yield value;
  } finally {
    onReturn();
  }
}

async function collect(sources: readonly AsyncIterable<number>[]) {
  const served: [number, number][] = [];
  for await (const { index, value } of merge(sources, never)) served.push([index, value]);
  return served;
}

test('serves ready sources in turn, each in its own order, to the end', async () => {
  expect(await collect([count(3), count(1), count(3)])).toEqual([
    [0, 0],
    [1, 0],
    [2, 0],
    [0, 1],
    [2, 1],
    [0, 2],
    [2, 2],
  ]);
  expect(await collect([])).toEqual([]);
});

test('reads no source further than one value ahead', async () => {
  let reads = 0;
  async function* counting() {
    for (;;) yield reads++;
  }
  const merged = merge([counting()], never);
  await merged.next();
  await merged.next();
  expect(reads).toBeLessThanOrEqual(3);
  await merged.return();
});

test('throws the error of one source and returns the others', async () => {
  const returned: string[] = [];
  async function* failing(): AsyncGenerator<number> {
    yield 1;
    throw new Error('lost');
  }
  await expect(collect([failing(), count(100, () => returned.push('other'))])).rejects.toThrow('lost');
  expect(returned).toEqual(['other']);
});

test('throws the reason as soon as the signal aborts, whatever the sources wait for', async () => {
  const controller = new AbortController();
  async function* silent(): AsyncGenerator<number> {
    await new Promise(() => {});
    yield 1;
  }
  const next = merge([silent()], controller.signal).next();
  controller.abort(new Error('late'));
  await expect(next).rejects.toThrow('late');
});

test('returns every source when the loop is left', async () => {
  const returned: number[] = [];
  const sources = [0, 1, 2].map((index) => count(10, () => returned.push(index)));
  let seen = 0;
  for await (const _ of merge(sources, never)) if (++seen === 3) break;
  await new Promise((resolve) => setImmediate(resolve));
  expect(returned.sort()).toEqual([0, 1, 2]);
});
