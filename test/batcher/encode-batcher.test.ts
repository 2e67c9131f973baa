/** The batcher of encoders on a fake engine: what is computed together, cancelling, failing, queue limits, draining. */
import { afterEach, describe, expect, test } from 'vitest';
import { EncodeBatcher, type EncodeBatcherOptions } from '#octavo/batcher/encode-batcher.js';
import { paddedLength } from '#octavo/batcher/encode-scheduler.js';
import type { StepEvent } from '#octavo/batcher/events.js';
import { OctavoError } from '#octavo/errors.js';
import { turns } from '../support/batching.js';
import { FakeEncoderEngine, rowOf } from '../support/fake-encoder-engine.js';
import { Random } from '../support/random.js';

const engines: FakeEncoderEngine[] = [];

afterEach(() => {
  for (const { violations } of engines.splice(0)) expect(violations).toEqual([]);
});

function start(options: Partial<EncodeBatcherOptions> & { readonly rows?: number } = {}) {
  const engine = new FakeEncoderEngine({ ...(options.rows && { rows: options.rows }) });
  engines.push(engine);
  const steps: StepEvent[] = [];
  const queued: number[] = [];
  const time = { now: 0 };
  const batcher = new EncodeBatcher({
    engine,
    batch: { tokens: 256, grouping: 'length' },
    queue: { sequences: 1000, promptTokens: 100_000 },
    clock: () => time.now,
    events: { step: (event) => steps.push(event), queued: (ms) => queued.push(ms) },
    ...options,
  });
  return { batcher, engine, steps, queued, time };
}

const text = (length: number, seed = 0) => Array.from({ length }, (_, index) => index * 7 + seed);
const rowsOf = (texts: readonly (readonly number[])[]) => texts.map((ids) => rowOf(ids, paddedLength(ids.length, 256)));
const plain = (rows: readonly Float32Array[]) => rows.map((row) => [...row]);
const code = (promise: Promise<unknown>) =>
  promise.then(
    () => 'resolved',
    (error: OctavoError) => error.code,
  );

describe('batches', () => {
  test('hold texts of one padded length; rows come back in the order of the request', async () => {
    const { batcher, engine, steps } = start();
    const texts = [text(5), text(20, 1), text(16, 2), text(31, 3), text(200, 4)];
    expect(plain(await batcher.encode({ texts }))).toEqual(rowsOf(texts));
    expect(engine.steps.map((step) => [step.length, step.texts.length])).toEqual([
      [16, 2],
      [32, 2],
      [224, 1],
    ]);
    expect(steps[0]).toEqual({
      kind: 'encode',
      rows: 2,
      rounds: 1,
      tokens: 21,
      paddedTokens: 32,
      modelMs: 1,
      sampleMs: 0,
    });
  });

  test('join texts of several requests that come in one turn', async () => {
    const { batcher, engine } = start();
    const requests = [[text(5)], [text(6)], [text(7), text(8)]];
    const rows = await Promise.all(requests.map((texts) => batcher.encode({ texts })));
    expect(rows.map(plain)).toEqual(requests.map(rowsOf));
    expect(engine.steps).toHaveLength(1);
  });

  test('say how long each text has waited', async () => {
    const { batcher, engine, queued, time } = start({ rows: 1 });
    engine.during = async () => {
      time.now += 10;
    };
    await batcher.encode({ texts: [text(5), text(5), text(5)] });
    expect(queued).toEqual([0, 10, 20]);
  });
});

describe('cancelling', () => {
  test('takes what waits out of the queue, and leaves the others alone', async () => {
    const { batcher, engine } = start({ rows: 2 });
    const leaving = new AbortController();
    const stays = batcher.encode({ texts: [text(5, 1)] });
    const leaves = batcher.encode({ texts: [text(5, 2), text(5, 3), text(90, 4)], signal: leaving.signal });
    const after = batcher.encode({ texts: [text(5, 5)] });
    engine.during = async () => leaving.abort(new Error('left'));
    await expect(leaves).rejects.toThrow('left');
    expect(plain(await stays)).toEqual(rowsOf([text(5, 1)]));
    expect(plain(await after)).toEqual(rowsOf([text(5, 5)]));
    // The text that was being computed is the only one of the request that was.
    expect(engine.steps.map((step) => step.texts.map((ids) => ids[0]))).toEqual([[1, 2], [5]]);
  });

  test('before anything began computes nothing', async () => {
    const { batcher, engine } = start();
    await expect(batcher.encode({ texts: [text(5)], signal: AbortSignal.abort(new Error('gone')) })).rejects.toThrow(
      'gone',
    );
    await batcher.drain();
    expect(engine.steps).toEqual([]);
  });
});

describe('a failed step', () => {
  test('fails the requests of its texts alone; the others go on with the restarted engine', async () => {
    const { batcher, engine } = start();
    const lost = batcher.encode({ texts: [text(5), text(90)] });
    const beside = batcher.encode({ texts: [text(6)] });
    const waits = batcher.encode({ texts: [text(40)] });
    engine.failure = new OctavoError('engine_failed', 'lost');
    expect(await Promise.all([code(lost), code(beside), code(waits)])).toEqual([
      'engine_failed',
      'engine_failed',
      'resolved',
    ]);
    expect(engine.restarts).toBe(1);
    // What the lost request still had in the queue is not computed.
    expect(engine.steps.map(({ length }) => length)).toEqual([16, 48]);
    expect(batcher.healthy).toBe(true);
  });

  test('fails what waits when the engine cannot be restarted, until it can', async () => {
    const { batcher, engine } = start({ rows: 1 });
    engine.failure = new OctavoError('engine_failed', 'lost');
    engine.restart = async () => {
      throw new OctavoError('invalid_model', 'gone');
    };
    const [first, second] = [batcher.encode({ texts: [text(5)] }), batcher.encode({ texts: [text(5)] })];
    expect(await Promise.all([code(first), code(second)])).toEqual(['engine_failed', 'invalid_model']);
    expect(batcher.healthy).toBe(false);
    engine.restart = async () => {};
    batcher.revive();
    await batcher.drain();
    expect(batcher.healthy).toBe(true);
  });

  test('counts as hung when it does not come back', async () => {
    const { batcher, engine, time } = start();
    let release = () => {};
    engine.during = () =>
      new Promise((resolve) => {
        release = resolve;
      });
    const rows = batcher.encode({ texts: [text(5)] });
    await turns(() => engine.steps.length > 0);
    expect(batcher.running).toBe(1);
    time.now = 200_000;
    expect(batcher.healthy).toBe(false);
    release();
    await rows;
    expect(batcher.healthy).toBe(true);
  });
});

describe('the queue', () => {
  test.each<[string, EncodeBatcherOptions['queue'], readonly number[]]>([
    ['in texts', { sequences: 3, promptTokens: 1000 }, [5, 5, 5]],
    ['in tokens', { sequences: 100, promptTokens: 50 }, [40, 20]],
  ])('is bounded %s, and takes a request whole', async (_, queue, lengths) => {
    const { batcher } = start({ queue, rows: 1 });
    const rows = batcher.encode({ texts: lengths.map((length) => text(length)) });
    expect(() => batcher.checkOpen()).toThrow(/queue is full/);
    await expect(batcher.encode({ texts: [text(1)] })).rejects.toMatchObject({ code: 'queue_full' });
    expect(batcher.retryAfterSeconds()).toBeGreaterThan(0);
    expect(await rows).toHaveLength(lengths.length);
    expect(await batcher.encode({ texts: [text(1)] })).toHaveLength(1);
  });

  test('drains: takes nothing new, and finishes what it has', async () => {
    const { batcher } = start();
    const rows = batcher.encode({ texts: [text(5), text(90)] });
    const drained = batcher.drain();
    await expect(batcher.encode({ texts: [text(5)] })).rejects.toMatchObject({ code: 'draining' });
    await drained;
    expect(await rows).toHaveLength(2);
    expect([batcher.running, batcher.waiting]).toEqual([0, 0]);
  });

  test('can be emptied at once', async () => {
    const { batcher } = start({ rows: 1 });
    const rows = batcher.encode({ texts: [text(5), text(5)] });
    batcher.cancelAll();
    await expect(rows).rejects.toMatchObject({ code: 'draining' });
    await batcher.drain();
  });
});

test('in 200 random lives every request gets its own rows, or the reason why not', async () => {
  for (let seed = 0; seed < 200; seed++) await live(new Random(seed));
});

interface Life {
  readonly texts: readonly (readonly number[])[];
  readonly abort: AbortController;
  readonly outcome: Promise<unknown>;
  cancelled: boolean;
  lost: boolean;
}

async function live(random: Random): Promise<void> {
  const { batcher, engine } = start({ rows: random.between(1, 6) });
  const lives: Life[] = [];
  let toArrive = random.between(1, 20);
  const arrive = () => {
    if (toArrive === 0) return;
    toArrive--;
    const seed = lives.length * 1000;
    const texts = Array.from({ length: random.between(1, 6) }, (_, index) =>
      text(random.between(1, 256), seed + index),
    );
    const abort = new AbortController();
    const outcome = batcher.encode({ texts, signal: abort.signal }).then(plain, (error: Error) => error.message);
    lives.push({ texts, abort, outcome, cancelled: false, lost: false });
  };
  engine.during = async ({ texts }) => {
    for (let more = random.below(3); more > 0; more--) arrive();
    const one = random.pick(lives);
    if (random.below(5) === 0 && !one.lost) {
      one.cancelled = true;
      one.abort.abort(new Error('left'));
    }
    for (let turn = random.below(4); turn > 0; turn--) await Promise.resolve();
    if (random.below(10) > 0) return;
    engine.failure = new Error('lost');
    for (const life of lives) life.lost ||= !life.cancelled && life.texts.some((ids) => texts.includes(ids));
  };
  while (toArrive > 0) {
    arrive();
    await Promise.all(lives.map(({ outcome }) => outcome));
  }
  await batcher.drain();
  for (const { texts, outcome, cancelled, lost } of lives) {
    const heard = await outcome;
    // Who leaves after the last row has come has its rows all the same.
    if (lost) expect(heard).toBe('lost');
    else if (!cancelled || heard !== 'left') expect(heard).toEqual(rowsOf(texts));
  }
  expect([batcher.running, batcher.waiting]).toEqual([0, 0]);
}
