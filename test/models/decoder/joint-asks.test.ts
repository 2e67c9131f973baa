/** Rows that ask at the same time: what they ask for is run together, and nothing is lost when a run fails. */
import { expect, it } from 'vitest';
import { JointAsks } from '#octavo/models/decoder/joint-asks.js';

/** Tells what was run, in order. */
function recorder(fails: (asks: readonly string[]) => boolean = () => false) {
  const runs: string[][] = [];
  const run = async (asks: readonly string[]) => {
    runs.push([...asks]);
    if (fails(asks)) throw new Error(`${asks.join()} failed`);
  };
  return { runs, run };
}

it('runs what rows ask for when each of them waits or has chosen', async () => {
  const { runs, run } = recorder();
  const asks = new JointAsks<string>({ run });
  await asks.each(['a', 'b', 'c'], async (row, index) => {
    for (let time = 0; time < index; time++) await asks.ask(`${row}${time}`);
  });
  expect(runs).toEqual([['b0', 'c0'], ['c1']]);
});

it('keeps those waiting that are not run yet', async () => {
  const { runs, run } = recorder();
  const asks = new JointAsks<string>({ run, choose: (waiting) => waiting.slice(0, 1) });
  await asks.each(['a', 'b', 'c'], (row) => asks.ask(row));
  expect(runs).toEqual([['a'], ['b'], ['c']]);
});

it('answers a row that asks alone at once', async () => {
  const { runs, run } = recorder();
  await new JointAsks<string>({ run }).ask('alone');
  expect(runs).toEqual([['alone']]);
});

it('fails all who wait when a run fails, and runs for the next step', async () => {
  const { runs, run } = recorder((asks) => asks.includes('a'));
  const asks = new JointAsks<string>({ run, choose: (waiting) => waiting.slice(0, 1) });
  const failed: string[] = [];
  const step = asks.each(['a', 'b'], (row) =>
    asks.ask(row).catch((error: Error) => {
      failed.push(row);
      throw error;
    }),
  );
  await expect(step).rejects.toThrow('a failed');
  expect(failed).toEqual(['a', 'b']);
  await asks.each(['c'], (row) => asks.ask(row));
  expect(runs).toEqual([['a'], ['c']]);
});

it('does not take a question while it runs another', async () => {
  let ended = () => {};
  const asks = new JointAsks<string>({ run: () => new Promise((resolve) => (ended = resolve)) });
  const first = asks.ask('first');
  expect(() => asks.ask('second')).toThrow('nobody asks while what was asked for is run');
  ended();
  await first;
});
