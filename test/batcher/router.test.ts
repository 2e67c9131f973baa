/** Several replicas behind one router: who gets a sequence, and who does not notice what happens to another. */
import { describe, expect, test } from 'vitest';
import { affinitySlack, type RoutedReplica, Router, rankReplicas } from '#octavo/batcher/router.js';
import { OctavoError } from '#octavo/errors.js';
import { Batching, hear, turns } from '../support/batching.js';
import { ownedRequest, ownerOf, saysAlone } from '../support/owned-tokens.js';
import { Random } from '../support/random.js';

const view = (load: number, knownBlocks = 0, healthy = true) => ({ load, knownBlocks, healthy });

describe('who is asked first', () => {
  test.each([
    ['the least loaded', [view(3), view(1), view(2)], [1, 2, 0]],
    ['the first of equals', [view(1), view(1)], [0, 1]],
    ['who knows most of the prompt', [view(0), view(2, 3), view(1, 2)], [1, 2, 0]],
    ['nobody who is loaded much more, whatever he knows', [view(0), view(affinitySlack + 1, 9)], [0, 1]],
    ['one who is loaded a little more', [view(0), view(affinitySlack, 9)], [1, 0]],
    ['one who works, beside one who is being restarted', [view(0, 9, false), view(50)], [1, 0]],
    ['the least loaded where none works', [view(2, 0, false), view(1, 0, false)], [1, 0]],
  ])('%s', (_, views, ranked) => {
    expect(rankReplicas(views)).toEqual(ranked);
  });
});

function start(count: number, options: ConstructorParameters<typeof Batching>[0] = {}) {
  const batchings = Array.from({ length: count }, () => new Batching(options));
  const router = new Router(batchings.map(asReplica));
  return { batchings, router };
}

/** A batcher that also tells its fake engine whose sequences it has. */
function asReplica(batching: Batching): RoutedReplica {
  return new Proxy<RoutedReplica>(batching.batcher, {
    get: (batcher, name) => {
      if (name === 'submit') return (request: Parameters<RoutedReplica['submit']>[0]) => batching.submit(request);
      const value = Reflect.get(batcher, name, batcher);
      return typeof value === 'function' ? value.bind(batcher) : value;
    },
  });
}

test('a random load is shared: nobody waits beside an idle replica, and every sequence says what it says alone', async () => {
  const random = new Random(3);
  const { batchings, router } = start(3, { rows: 3, capacity: 256 });
  const heard: Promise<void>[] = [];
  const counts = [0, 0, 0];
  for (let owner = 1; owner <= 300; owner++) {
    const before = batchings.map(({ batcher }) => batcher.running + batcher.waiting);
    const request = ownedRequest(owner, { length: random.between(1, 60), maxTokens: random.between(1, 40) });
    const generation = router.submit(request);
    const chosen = batchings.findIndex(({ sequences }) => sequences.has(owner));
    counts[chosen]!++;
    expect(before[chosen]).toBe(Math.min(...before));
    heard.push(
      hear(generation).then(({ text, finish }) => {
        const alone = saysAlone(request);
        expect({ text, finish }).toEqual({ text: alone.text, finish: alone.finish });
      }),
    );
    for (let turn = random.below(30); turn > 0; turn--) await Promise.resolve();
  }
  await Promise.all(heard);
  for (const count of counts) expect(count).toBeGreaterThan(75);
  for (const { engine } of batchings) expect(engine.violations).toEqual([]);
  await router.drain();
});

test('a prompt goes where its beginning is known', async () => {
  const { batchings, router } = start(2, { slots: 8, capacity: 512 });
  const request = ownedRequest(1, { length: 200 });
  // The first of equals has it; the second is idle and could have had the next.
  await hear(router.submit(request));
  await hear(router.submit(ownedRequest(3)));
  const busy = router.submit(ownedRequest(2, { length: 5, maxTokens: 200 }));
  expect(batchings[0]!.sequences.has(2)).toBe(true);
  const again = router.submit(request);
  await hear(again);
  expect(again.reusedTokens).toBe(192);
  busy.cancel();
  await Promise.all(batchings.map((batching) => batching.idle()));
});

test('a replica that is lost fails its own sequences alone, and gets none while it is restarted', async () => {
  const { batchings, router } = start(2);
  const [lost, other] = batchings as [Batching, Batching];
  let restarted = () => {};
  lost.engine.restart = () => new Promise<void>((resolve) => (restarted = resolve));
  const requests = [1, 2, 3, 4].map((owner) => ownedRequest(owner, { maxTokens: 30 }));
  const heard = requests.map((request) => hear(router.submit(request)));
  await turns(() => lost.engine.steps.length > 3);
  lost.engine.failure = new Error('lost');
  const results = await Promise.all(heard);
  requests.forEach((request, index) => {
    const mine = lost.sequences.has(ownerOf(request.prompt[0]!));
    expect(results[index]!.error?.message ?? null).toBe(mine ? 'lost' : null);
    if (!mine) expect(results[index]!.text).toBe(saysAlone(request).text);
  });
  expect([lost.sequences.size, other.sequences.size]).toEqual([2, 2]);
  expect([router.healthy, lost.batcher.healthy]).toEqual([true, false]);
  for (const owner of [5, 6, 7]) expect(await hear(router.submit(ownedRequest(owner)))).toMatchObject({ error: null });
  expect(other.sequences.size).toBe(5);
  restarted();
  await turns(() => lost.batcher.healthy);
  await hear(router.submit(ownedRequest(8)));
  expect(lost.sequences.has(8)).toBe(true);
});

test('is full when every replica is full, and tells the shorter wait', async () => {
  const { router } = start(2, { rows: 1, queue: { sequences: 1, promptTokens: 100 } });
  for (let owner = 1; owner <= 2; owner++) router.submit(ownedRequest(owner));
  await Promise.resolve().then(() => Promise.resolve());
  for (let owner = 3; owner <= 4; owner++) router.submit(ownedRequest(owner));
  expect(() => router.submit(ownedRequest(5))).toThrow(OctavoError);
  expect(() => router.checkOpen()).toThrow(/queue is full/);
  expect(router.retryAfterSeconds()).toBeGreaterThan(0);
  router.cancelAll();
  await router.drain();
  expect([router.running, router.waiting, router.kvUsage]).toEqual([0, 0, 0]);
  expect(() => router.checkOpen()).toThrow(/shutting down/);
});
