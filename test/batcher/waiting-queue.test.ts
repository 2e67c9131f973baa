/** The waiting queue: order of arrival, its two bounds, and how long it takes to drain. */
import { describe, expect, test } from 'vitest';
import { Sequence } from '#octavo/batcher/sequence.js';
import { WaitingQueue } from '#octavo/batcher/waiting-queue.js';
import { OctavoError } from '#octavo/errors.js';
import { numberDetokenizer, ownedRequest } from '../support/owned-tokens.js';

const sequence = (length: number) => new Sequence(ownedRequest(1, { length }), numberDetokenizer(), () => 0);

function queueOf(lengths: readonly number[], limits = { sequences: 100, promptTokens: 1000 }) {
  const queue = new WaitingQueue<Sequence>(limits, () => 0);
  const sequences = lengths.map(sequence);
  for (const one of sequences) queue.add(one);
  return { queue, sequences };
}

describe('order', () => {
  test('oldest first; what is taken comes in the order asked for', () => {
    const { queue, sequences } = queueOf([3, 5, 7, 9]);
    expect(queue.lengths()).toEqual([3, 5, 7, 9]);
    expect(queue.take([0, 3, 1])).toEqual([sequences[0], sequences[3], sequences[1]]);
    expect(queue.lengths()).toEqual([7]);
  });

  test('what was cancelled leaves, the others stay', () => {
    const { queue, sequences } = queueOf([3, 5, 7]);
    expect(queue.takeFinished()).toEqual([]);
    sequences[1]?.cancel();
    expect(queue.takeFinished()).toEqual([sequences[1]]);
    expect(queue.lengths()).toEqual([3, 7]);
  });

  test('all leave together', () => {
    const { queue, sequences } = queueOf([3, 5]);
    expect(queue.takeAll()).toEqual(sequences);
    expect(queue.length).toBe(0);
  });
});

describe('bounds', () => {
  const refusal = (queue: WaitingQueue<Sequence>, length: number): unknown => {
    try {
      queue.checkRoom(length);
      return null;
    } catch (error) {
      return error;
    }
  };

  test('in sequences', () => {
    const { queue } = queueOf([1, 1], { sequences: 3, promptTokens: 1000 });
    expect(refusal(queue, 1)).toBeNull();
    queue.add(sequence(1));
    expect(refusal(queue, 1)).toMatchObject({ code: 'queue_full' });
  });

  test('in prompt tokens', () => {
    const { queue } = queueOf([4, 4], { sequences: 100, promptTokens: 10 });
    expect(refusal(queue, 2)).toBeNull();
    expect(refusal(queue, 3)).toBeInstanceOf(OctavoError);
  });

  test('an empty queue takes any prompt, and what left makes room', () => {
    const { queue } = queueOf([], { sequences: 1, promptTokens: 10 });
    expect(refusal(queue, 500)).toBeNull();
    queue.add(sequence(500));
    expect(refusal(queue, 1)).not.toBeNull();
    queue.take([0]);
    expect(refusal(queue, 10)).toBeNull();
    const { queue: other, sequences } = queueOf([6, 4], { sequences: 9, promptTokens: 10 });
    sequences[0]?.cancel();
    other.takeFinished();
    expect(refusal(other, 6)).toBeNull();
  });

  test('the refusal says how full it is and when to come back', () => {
    const { queue } = queueOf([4, 4], { sequences: 2, promptTokens: 10 });
    expect((refusal(queue, 1) as OctavoError).message).toBe(
      'The queue is full: 2 sequences with 8 prompt tokens wait (at most 2 and 10). Try again in 1 s.',
    );
  });
});

describe('how long until there is room', () => {
  function draining(count: number) {
    let now = 0;
    const queue = new WaitingQueue<Sequence>({ sequences: 1000, promptTokens: 10_000 }, () => now);
    for (let i = 0; i < count; i++) queue.add(sequence(1));
    const takeEvery = (ms: number, times: number) => {
      for (let i = 0; i < times; i++) {
        now += ms;
        queue.take([0]);
      }
    };
    return { queue, takeEvery };
  }

  test('follows the pace and the length of the queue', () => {
    const { queue, takeEvery } = draining(50);
    takeEvery(500, 10);
    // 40 wait, half of them pass in 20 × 500 ms.
    expect(queue.secondsUntilRoom()).toBe(10);
    takeEvery(100, 30);
    expect(queue.secondsUntilRoom()).toBeLessThan(3);
  });

  test('several taken together share their time', () => {
    const { queue, takeEvery } = draining(40);
    takeEvery(4000, 2);
    expect(queue.secondsUntilRoom()).toBe(60);
    const together = draining(40);
    together.takeEvery(4000, 1);
    together.queue.take([0, 1, 2, 3]);
    together.takeEvery(1000, 1);
    expect(together.queue.secondsUntilRoom()).toBeLessThan(20);
  });

  test('is at least a second and at most a minute', () => {
    const fast = draining(5);
    fast.takeEvery(1, 4);
    expect(fast.queue.secondsUntilRoom()).toBe(1);
    const slow = draining(100);
    slow.takeEvery(60_000, 4);
    expect(slow.queue.secondsUntilRoom()).toBe(60);
  });

  test('the time in which nothing waited does not count', () => {
    const { queue, takeEvery } = draining(2);
    takeEvery(10, 2);
    queue.add(sequence(1));
    queue.add(sequence(1));
    // A night later.
    takeEvery(1e8, 1);
    expect(queue.secondsUntilRoom()).toBe(1);
  });
});
