/** One sequence: tokens in, deltas out, and how it ends. */
import { describe, expect, test } from 'vitest';
import type { GenerationRequest } from '#octavo/batcher/generation.js';
import { Sequence } from '#octavo/batcher/sequence.js';
import { greedy } from '#octavo/models/decoder/sampling.js';
import { ByteDetokenizer } from '#octavo/models/tokenizer/detokenizer.js';
import { hear } from '../support/batching.js';

/** A token is a byte. */
const bytes = Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte));
const ids = (text: string) => [...Buffer.from(text)];
const endToken = 0;

interface Started {
  readonly sequence: Sequence;
  readonly clock: { now: number };
}

function start(changes: Partial<GenerationRequest> = {}): Started {
  const clock = { now: 1000 };
  const sampling = { ...greedy, stopTokens: [endToken] };
  const plain = { prompt: ids('abc'), maxTokens: 100, sampling, tenant: '', stopStrings: [] };
  return { sequence: new Sequence({ ...plain, ...changes }, new ByteDetokenizer(bytes), () => clock.now), clock };
}

/** What a reader hears when the model says these tokens. */
async function say(tokens: readonly number[], changes: Partial<GenerationRequest> = {}) {
  const { sequence } = start(changes);
  for (const token of tokens) sequence.accept(token);
  const { text, finish } = await hear(sequence);
  return [text, finish, sequence.completionTokens];
}

const minimum = (minTokens: number) => ({ sampling: { ...greedy, stopTokens: [endToken], minTokens } });

describe('endings', () => {
  test.each<[string, readonly number[], Partial<GenerationRequest>, [string, string, number]]>([
    ['an end token', [...ids('hi'), endToken], {}, ['hi', 'stop', 3]],
    ['an end token at once', [endToken], {}, ['', 'stop', 1]],
    ['the most tokens', ids('hi'), { maxTokens: 2 }, ['hi', 'length', 2]],
    ['an end token as the last', [104, endToken], { maxTokens: 2 }, ['h', 'stop', 2]],
    ['a stop string', ids('hi. no'), { stopStrings: ['. '] }, ['hi', 'stop', 4]],
    [
      'a stop string that the last token completes',
      ids('hi.'),
      { stopStrings: ['.'], maxTokens: 3 },
      ['hi', 'stop', 3],
    ],
    ['half a stop string at the most tokens', ids('hi.'), { stopStrings: ['. '], maxTokens: 3 }, ['hi.', 'length', 3]],
    ['half a stop string before an end token', [46, endToken], { stopStrings: ['..'] }, ['.', 'stop', 2]],
    ['half a character at the most tokens', ids('é').slice(0, 1), { maxTokens: 1 }, ['\ufffd', 'length', 1]],
    ['half a character before an end token', [0xf0, 0x9f, endToken], {}, ['\ufffd', 'stop', 3]],
    ['a stop string that the flush completes', [97, 0xc3], { stopStrings: ['a\ufffd'], maxTokens: 2 }, ['', 'stop', 2]],
    ['tokens after the end', [...ids('hi'), endToken, ...ids('more')], {}, ['hi', 'stop', 3]],
    ['several stop tokens', [104, 105, 33], { sampling: { ...greedy, stopTokens: [endToken, 33] } }, ['hi', 'stop', 3]],
  ])('%s', async (_, tokens, changes, expected) => {
    expect(await say(tokens, changes)).toEqual(expected);
  });

  test.each<[string, number, [string, string, number]]>([
    ['counts after the minimum', 1, ['a', 'stop', 2]],
    ['does not count within it', 2, ['a.b', 'stop', 4]],
    ['is not put together from both sides of it', 3, ['a.b.c', 'length', 5]],
  ])('a stop string %s', async (_, minTokens, expected) => {
    const [stop] = minTokens === 3 ? ['b.'] : ['.'];
    expect(await say(ids('a.b.c'), { ...minimum(minTokens), stopStrings: [stop], maxTokens: 5 })).toEqual(expected);
  });
});

describe('deltas', () => {
  test('a character leaves when its last byte is there', async () => {
    const { sequence } = start();
    const reader = sequence[Symbol.asyncIterator]();
    for (const token of ids('🙂').slice(0, 3)) sequence.accept(token);
    const next = reader.next();
    sequence.accept(ids('🙂')[3]!);
    expect(await next).toEqual({ done: false, value: { text: '🙂', finish: null } });
  });

  test('nothing that may become a stop string leaves', async () => {
    const { sequence } = start({ stopStrings: ['END'] });
    const reader = sequence[Symbol.asyncIterator]();
    for (const token of ids('oEN')) sequence.accept(token);
    expect((await reader.next()).value).toEqual({ text: 'o', finish: null });
    sequence.accept(ids('D')[0]!);
    expect((await reader.next()).value).toEqual({ text: '', finish: 'stop' });
  });
});

describe('cancelling', () => {
  test('keeps the text that was not read, drops what is held back, and forgets later tokens', async () => {
    const { sequence } = start({ stopStrings: ['END'] });
    for (const token of ids('oE')) sequence.accept(token);
    sequence.cancel();
    sequence.accept(120);
    expect(await hear(sequence)).toMatchObject({ text: 'o', finish: 'cancelled' });
    expect(sequence).toMatchObject({ finished: true, completionTokens: 2 });
  });

  test('does nothing once it has finished', async () => {
    const { sequence } = start();
    sequence.accept(endToken);
    sequence.cancel();
    sequence.fail(new Error('late'));
    expect(await hear(sequence)).toMatchObject({ text: '', finish: 'stop', error: null });
  });

  test('by leaving the loop', async () => {
    const { sequence } = start();
    sequence.accept(97);
    for await (const _ of sequence) break;
    expect(sequence.finished).toBe(true);
  });

  test.each(['before it begins', 'while it runs'])('by the signal, %s', async (when) => {
    const controller = new AbortController();
    if (when === 'before it begins') controller.abort();
    const { sequence } = start({ signal: controller.signal });
    controller.abort();
    expect(sequence.finished).toBe(true);
    expect(await hear(sequence)).toMatchObject({ finish: 'cancelled' });
  });

  test.each<[string, (sequence: Sequence) => void]>([
    ['stop', (sequence) => sequence.accept(endToken)],
    ['cancel', (sequence) => sequence.cancel()],
    ['failure', (sequence) => sequence.fail(new Error('engine'))],
  ])('a sequence that ended by %s does not hang on its signal', (_, finish) => {
    const { signal } = new AbortController();
    const listeners = new Set<unknown>();
    signal.addEventListener = (_type: string, listener: unknown) => void listeners.add(listener);
    signal.removeEventListener = (_type: string, listener: unknown) => void listeners.delete(listener);
    const { sequence } = start({ signal });
    expect(listeners.size).toBe(1);
    finish(sequence);
    expect(listeners.size).toBe(0);
  });
});

test('many sequences may share a signal without a warning of a leak', async () => {
  const warnings: Error[] = [];
  const warn = (warning: Error) => warnings.push(warning);
  process.on('warning', warn);
  const { signal } = new AbortController();
  for (let i = 0; i < 50; i++) start({ signal });
  // Node emits warnings in the next turn of the loop.
  await new Promise(setImmediate);
  process.off('warning', warn);
  expect(warnings).toEqual([]);
});

test('a failure comes after the text that was not read', async () => {
  const { sequence } = start();
  sequence.accept(97);
  sequence.fail(new Error('engine'));
  expect(await hear(sequence)).toMatchObject({ text: 'a', finish: null, error: { message: 'engine' } });
});

describe('chunks of the prompt', () => {
  test('the one that ends it carries the sampling', () => {
    const { sequence } = start({ prompt: [1, 2, 3, 4, 5] });
    expect(sequence.takeChunk(3)).toEqual({ ids: [1, 2, 3], past: 0 });
    expect(sequence.takeChunk(2)).toEqual({ ids: [4, 5], past: 3, sampling: sequence.request.sampling });
  });

  test('cached tokens are the prompt so far and all sampled tokens but the last', () => {
    const { sequence } = start({ prompt: [1, 2, 3] });
    expect(sequence.cachedTokens).toBe(0);
    sequence.takeChunk(2);
    expect(sequence.cachedTokens).toBe(2);
    sequence.takeChunk(1);
    expect(sequence.cachedTokens).toBe(3);
    for (const token of ids('xyz')) sequence.accept(token);
    expect(sequence.cachedTokens).toBe(5);
  });
});

describe('timings', () => {
  test('queue, prefill and decode, each until the next begins', () => {
    const { sequence, clock } = start({ maxTokens: 2 });
    const passes = (ms: number, act: () => void) => {
      clock.now += ms;
      act();
      return sequence.timings;
    };
    expect(passes(5, () => {})).toEqual({ queueMs: 5, prefillMs: 0, decodeMs: 0 });
    expect(passes(5, () => sequence.takeChunk(2))).toEqual({ queueMs: 10, prefillMs: 0, decodeMs: 0 });
    expect(passes(20, () => sequence.takeChunk(1))).toEqual({ queueMs: 10, prefillMs: 20, decodeMs: 0 });
    expect(passes(5, () => sequence.accept(97))).toEqual({ queueMs: 10, prefillMs: 25, decodeMs: 0 });
    expect(passes(40, () => sequence.accept(97))).toEqual({ queueMs: 10, prefillMs: 25, decodeMs: 40 });
    expect(passes(99, () => {})).toEqual({ queueMs: 10, prefillMs: 25, decodeMs: 40 });
  });

  test('a sequence that never ran has waited only', () => {
    const { sequence, clock } = start();
    clock.now += 7;
    sequence.cancel();
    clock.now += 7;
    expect(sequence.timings).toEqual({ queueMs: 7, prefillMs: 0, decodeMs: 0 });
  });
});
