/** The delta stream between a batcher that never waits and readers who may be slow, many or gone. */
import { describe, expect, test, vi } from 'vitest';
import { DeltaStream } from '#octavo/batcher/delta-stream.js';

const open = () => new DeltaStream(() => {});
const end = { done: true, value: undefined };
const delta = (text: string, finish: 'stop' | null = null) => ({ done: false, value: { text, finish } });

/** Whether a promise has settled by the time that other promises had their turn. */
async function settled(promise: Promise<unknown>): Promise<boolean> {
  let done = false;
  const mark = () => {
    done = true;
  };
  promise.then(mark, mark);
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  return done;
}

describe('reading', () => {
  test('what came before the read, and what comes after it', async () => {
    const stream = open();
    stream.push('a', null);
    expect(await stream.next()).toEqual(delta('a'));
    const waiting = stream.next();
    expect(await settled(waiting)).toBe(false);
    stream.push('b', null);
    expect(await waiting).toEqual(delta('b'));
  });

  test('a slow reader gets everything at once, the finish reason with it', async () => {
    const stream = open();
    stream.push('a', null);
    stream.push('', null);
    stream.push('b', null);
    stream.push('c', 'stop');
    expect(await stream.next()).toEqual(delta('abc', 'stop'));
    expect(await stream.next()).toEqual(end);
  });

  test('no text is no delta, unless the sequence ends with it', async () => {
    const stream = open();
    const waiting = stream.next();
    stream.push('', null);
    expect(await settled(waiting)).toBe(false);
    stream.push('', 'stop');
    expect(await waiting).toEqual(delta('', 'stop'));
  });

  test('a reader that just took a delta does not get it again', async () => {
    const stream = open();
    const first = stream.next();
    stream.push('a', null);
    stream.push('b', null);
    expect(await first).toEqual(delta('ab'));
    expect(await settled(stream.next())).toBe(false);
  });
});

describe('errors', () => {
  test('come after the text that was not read yet, and once', async () => {
    const stream = open();
    stream.push('a', null);
    stream.fail(new Error('engine'));
    expect(await stream.next()).toEqual(delta('a'));
    await expect(stream.next()).rejects.toThrow('engine');
    expect(await stream.next()).toEqual(end);
  });

  test('reach a reader that waits', async () => {
    const stream = open();
    const waiting = stream.next();
    stream.fail(new Error('engine'));
    await expect(waiting).rejects.toThrow('engine');
  });
});

describe('leaving', () => {
  test('tells the sequence, and nothing is read any more', async () => {
    const left = vi.fn();
    const stream = new DeltaStream(left);
    stream.push('a', null);
    expect(await stream.return()).toEqual(end);
    expect(left).toHaveBeenCalledOnce();
    expect(await stream.next()).toEqual(end);
  });

  test('ends a read that waits', async () => {
    const stream = open();
    const waiting = stream.next();
    await stream.return();
    expect(await waiting).toEqual(end);
  });

  test('hides an error that comes later', async () => {
    const stream = open();
    await stream.return();
    stream.fail(new Error('engine'));
    expect(await stream.next()).toEqual(end);
  });
});

describe('reads that overlap', () => {
  test('are answered in order, each delta once', async () => {
    const stream = open();
    const reads = [stream.next(), stream.next()];
    stream.push('a', null);
    expect(await reads[0]).toEqual(delta('a'));
    expect(await settled(reads[1]!)).toBe(false);
    stream.push('b', 'stop');
    expect(await reads[1]).toEqual(delta('b', 'stop'));
  });

  test('all end with the stream', async () => {
    const stream = open();
    const reads = [stream.next(), stream.next(), stream.next()];
    stream.push('a', 'stop');
    expect(await Promise.all(reads)).toEqual([delta('a', 'stop'), end, end]);
  });

  test('one of them gets the error', async () => {
    const stream = open();
    const reads = [stream.next(), stream.next()];
    stream.fail(new Error('engine'));
    await expect(reads[0]).rejects.toThrow('engine');
    expect(await reads[1]).toEqual(end);
  });
});
