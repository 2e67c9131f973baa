/** The batcher on the fake engine: what it runs together, how it recovers, and how it drains. */
import { afterEach, describe, expect, test } from 'vitest';
import { OctavoError } from '#octavo/errors.js';
import type { Step } from '#octavo/models/decoder/step.js';
import { Batching, hear, turns } from '../support/batching.js';
import { ownedRequest, saysAlone } from '../support/owned-tokens.js';

const made: Batching[] = [];

function start(options: ConstructorParameters<typeof Batching>[0] = {}): Batching {
  const batching = new Batching(options);
  made.push(batching);
  return batching;
}

afterEach(() => {
  for (const { engine } of made.splice(0)) expect(engine.violations).toEqual([]);
});

/** `prefill 4+4` or `decode 2`. */
const describeStep = ({ work }: Step) =>
  work.kind === 'decode' ? `decode ${work.rows}` : `prefill ${work.chunks.map(({ ids }) => ids.length).join('+')}`;

describe('steps', () => {
  test.each<[string, readonly number[], readonly string[]]>([
    ['one sequence', [3], ['prefill 3', 'decode 1', 'decode 1']],
    ['similar lengths together', [4, 4, 4], ['prefill 4+4+4', 'decode 3', 'decode 3']],
    [
      'different lengths in turn, decoding between',
      [2, 7],
      ['prefill 2', 'decode 1', 'prefill 7', 'decode 2', 'decode 1'],
    ],
    [
      'a long prompt in chunks, decoding between',
      [2, 20],
      ['prefill 2', 'decode 1', 'prefill 8', 'decode 1', 'prefill 8', 'prefill 4', 'decode 1', 'decode 1'],
    ],
    ['a prompt that leaves no single token', [17], ['prefill 8', 'prefill 9', 'decode 1', 'decode 1']],
  ])('%s', async (_, lengths, steps) => {
    const batching = start();
    for (const [index, length] of lengths.entries()) {
      batching.submit(ownedRequest(index + 1, { length, maxTokens: 3 }));
    }
    await batching.batcher.drain();
    expect(batching.engine.steps.map(describeStep)).toEqual(steps);
  });

  test('every sequence says what it says alone, whoever is beside it', async () => {
    const batching = start({ rows: 3 });
    const requests = [1, 2, 3, 4, 5, 6].map((owner) =>
      ownedRequest(owner, { length: owner * 3, maxTokens: 7 - owner }),
    );
    const heard = await Promise.all(requests.map((request) => hear(batching.submit(request))));
    expect(heard.map(({ text, finish }) => ({ text, finish }))).toEqual(
      requests.map(saysAlone).map(({ text, finish }) => ({ text, finish })),
    );
  });

  test('a row that is free is taken with the next step', async () => {
    const batching = start({ rows: 1 });
    const first = batching.submit(ownedRequest(1, { maxTokens: 100 }));
    const second = batching.submit(ownedRequest(2, { maxTokens: 1 }));
    await turns(() => batching.engine.steps.length === 5);
    first.cancel();
    expect(await hear(second)).toMatchObject({ finish: 'length' });
    expect(batching.engine.steps.map(describeStep)).toEqual(['prefill 3', ...Array(4).fill('decode 1'), 'prefill 3']);
  });

  test('who comes in the middle of a decode message waits for one round of it', async () => {
    const scheduler = { chunkTokens: 8, prefillTokens: 32, maxWaste: 0.1, messageMs: 4, grouping: 'length' } as const;
    const batching = start({ scheduler });
    batching.submit(ownedRequest(1, { maxTokens: 40 }));
    batching.engine.during = async ({ work }) => {
      if (work.kind === 'decode' && work.rounds > 1 && batching.sequences.size === 1)
        batching.submit(ownedRequest(2, { maxTokens: 40 }));
    };
    await batching.idle();
    const rounds = batching.steps.map((step) => `${step.kind} ${step.rounds}`);
    expect(rounds.slice(0, 6)).toEqual(['prefill 1', 'decode 1', 'decode 1', 'prefill 1', 'decode 2', 'decode 4']);
    expect(batching.engine.steps[2]!.work).toMatchObject({ rounds: 4 });
  });

  test('who finds no row interrupts nobody', async () => {
    const scheduler = { chunkTokens: 8, prefillTokens: 32, maxWaste: 0.1, messageMs: 4, grouping: 'length' } as const;
    const batching = start({ scheduler, rows: 1 });
    batching.submit(ownedRequest(1, { maxTokens: 40 }));
    batching.engine.during = async () => {
      if (batching.sequences.size < 4) batching.submit(ownedRequest(batching.sequences.size + 1));
    };
    await batching.idle();
    expect(batching.steps.slice(0, 5).map(({ rounds }) => rounds)).toEqual([1, 1, 4, 4, 4]);
  });

  test('a sequence that is cancelled while it waits never takes a row', async () => {
    const batching = start();
    batching.submit(ownedRequest(1, { length: 4 }));
    const gone = batching.submit(ownedRequest(2, { length: 9 }));
    gone.cancel();
    await batching.batcher.drain();
    expect(batching.engine.steps.map(describeStep)).not.toContain('prefill 9');
    expect(batching.finished).toHaveLength(2);
  });

  test('the loop starts again after it had nothing to do', async () => {
    const batching = start();
    for (const owner of [1, 2]) {
      expect(await hear(batching.submit(ownedRequest(owner)))).toMatchObject({ finish: 'length' });
      await batching.idle();
    }
  });
});

describe('guesses', () => {
  const guessing = async (
    options: ConstructorParameters<typeof Batching>[0],
    drafts: readonly (number | undefined)[],
  ) => {
    const batching = start(options);
    for (const [index, draftTokens] of drafts.entries()) {
      const request = ownedRequest(index + 1, { maxTokens: 30 });
      batching.submit(draftTokens === undefined ? request : { ...request, draftTokens });
    }
    await batching.batcher.drain();
    return batching.engine.steps.flatMap(({ work }) => (work.kind === 'decode' ? [work.speculation?.draftTokens] : []));
  };

  test('are made for rows that all asked for them, as many as the least of them did', async () => {
    expect((await guessing({}, [5, 3]))[0]).toBe(3);
  });

  test.each<[string, ConstructorParameters<typeof Batching>[0], readonly (number | undefined)[]]>([
    ['where nobody asks', {}, [undefined, undefined]],
    ['beside a row that did not ask', {}, [5, undefined]],
    ['by an engine that cannot verify them', { verifiesGuesses: false }, [5, 5]],
  ])('are not made %s', async (_, options, drafts) => {
    expect(new Set(await guessing(options, drafts))).toEqual(new Set([undefined]));
  });
});

describe('a prompt that begins like an earlier one', () => {
  test('takes the blocks that are kept and computes the rest alone', async () => {
    const batching = new Batching({
      slots: 8,
      capacity: 512,
      scheduler: { chunkTokens: 64, prefillTokens: 400, maxWaste: 1, messageMs: 0, grouping: 'length' },
    });
    const request = ownedRequest(1, { length: 200 });
    const first = batching.submit(request);
    const alone = await hear(first);
    await batching.idle();
    // Another takes its row, so that the engine does not take the old one for alive.
    await hear(batching.submit(ownedRequest(3)));
    await batching.idle();
    const again = batching.submit(request);
    const other = batching.submit(ownedRequest(2, { length: 10 }));
    expect(await hear(again)).toEqual(alone);
    await hear(other);
    await batching.idle();
    expect([first.reusedTokens, again.reusedTokens, other.reusedTokens]).toEqual([0, 192, 0]);
    expect(batching.engine.violations).toEqual([]);
    const prefills = batching.engine.steps.flatMap(({ work }) => (work.kind === 'prefill' ? [work.chunks] : []));
    expect(prefills.map((chunks) => chunks.map(({ ids }) => ids.length))).toEqual([
      [64],
      [64],
      [64],
      [8],
      [3],
      [8],
      [10],
    ]);
  });

  test('begins anew when the engine was lost', async () => {
    const batching = new Batching({ slots: 8, capacity: 512 });
    const request = ownedRequest(1, { length: 100 });
    await hear(batching.submit(request));
    await batching.idle();
    batching.engine.failure = new Error('lost');
    expect((await hear(batching.submit(ownedRequest(3)))).error?.message).toBe('lost');
    await batching.idle();
    const after = batching.submit(request);
    expect((await hear(after)).error).toBeNull();
    expect(after.reusedTokens).toBe(0);
    await batching.idle();
    expect(batching.engine.violations).toEqual([]);
  });
});

describe('what it tells', () => {
  test('of each step: its kind, its rows, its tokens with and without padding', async () => {
    const batching = start({
      scheduler: { chunkTokens: 8, prefillTokens: 32, maxWaste: 0.5, messageMs: 0, grouping: 'length' },
    });
    batching.submit(ownedRequest(1, { length: 4, maxTokens: 2 }));
    batching.submit(ownedRequest(2, { length: 6, maxTokens: 2 }));
    await batching.batcher.drain();
    const times = { modelMs: 1, sampleMs: 0 };
    expect(batching.steps).toEqual([
      { kind: 'prefill', rows: 2, rounds: 1, tokens: 10, paddedTokens: 12, ...times },
      { kind: 'decode', rows: 2, rounds: 1, tokens: 2, paddedTokens: 2, ...times },
    ]);
  });

  test('of rows, the queue and the KV cache while it runs', async () => {
    const batching = start({ rows: 1, capacity: 40 });
    batching.submit(ownedRequest(1, { length: 10, maxTokens: 20 }));
    batching.submit(ownedRequest(2, { length: 10, maxTokens: 2 }));
    const seen: unknown[] = [];
    batching.engine.during = async () => {
      const { running, waiting, kvUsage } = batching.batcher;
      seen.push([running, waiting, kvUsage * 40]);
    };
    await batching.batcher.drain();
    expect(seen.slice(0, 4)).toEqual([
      [1, 1, 8],
      [1, 1, 10],
      [1, 1, 10],
      [1, 1, 11],
    ]);
    expect([batching.batcher.running, batching.batcher.waiting, batching.batcher.kvUsage]).toEqual([0, 0, 0]);
  });
});

describe('an engine that encodes prompts', () => {
  test('gets each prompt whole, and has room for as long an output', async () => {
    const batching = start({ rows: 1, capacity: 20, encodesPrompts: true });
    const request = ownedRequest(1, { length: 20, maxTokens: 20 });
    const usage: number[] = [];
    batching.engine.during = async () => {
      usage.push(batching.batcher.kvUsage * 40);
    };
    const heard = await hear(batching.submit(request));
    expect(heard).toMatchObject({ text: saysAlone(request).text, finish: 'length' });
    expect(batching.steps.map(({ kind, tokens }) => `${kind} ${tokens}`).slice(0, 2)).toEqual([
      'prefill 20',
      'decode 1',
    ]);
    expect([usage[0], usage.at(-1)]).toEqual([20, 38]);
  });

  test('still bounds both', () => {
    const batching = start({ rows: 1, capacity: 20, encodesPrompts: true });
    for (const lengths of [{ length: 21 }, { length: 1, maxTokens: 21 }]) {
      expect(() => batching.batcher.submit(ownedRequest(1, lengths))).toThrow('a sequence fits its row');
    }
  });
});

describe('ending everything', () => {
  test('frees rows and queue, and every reader hears of it', async () => {
    const batching = start({ rows: 1 });
    const heard = [1, 2].map((owner) => hear(batching.submit(ownedRequest(owner, { maxTokens: 100 }))));
    await turns(() => batching.engine.steps.length === 3);
    batching.batcher.cancelAll();
    expect((await Promise.all(heard)).map(({ finish }) => finish)).toEqual(['cancelled', 'cancelled']);
    await batching.batcher.drain();
    expect(batching.batcher).toMatchObject({ running: 0, waiting: 0 });
  });
});

describe('refusals', () => {
  test('a full queue keeps nothing of what it refuses', async () => {
    const batching = start({ queue: { sequences: 1, promptTokens: 100 } });
    const { signal } = new AbortController();
    let listeners = 0;
    signal.addEventListener = () => void listeners++;
    batching.submit(ownedRequest(1));
    expect(() => batching.submit(ownedRequest(2, { signal }))).toThrow(expect.objectContaining({ code: 'queue_full' }));
    expect(listeners).toBe(0);
    expect(batching.batcher.waiting).toBe(1);
    expect(batching.batcher.retryAfterSeconds()).toBeGreaterThanOrEqual(1);
    await batching.batcher.drain();
  });

  test('what does not fit a row is a bug of the caller', () => {
    const batching = start({ capacity: 10 });
    const [empty, long] = [ownedRequest(1, { length: 0 }), ownedRequest(1, { length: 7, maxTokens: 4 })];
    expect(() => batching.batcher.submit(empty)).toThrow('a sequence fits its row');
    expect(() => batching.batcher.submit(long)).toThrow('a sequence fits its row');
  });

  test('a draining batcher finishes what it has and takes nothing new', async () => {
    const batching = start({ rows: 1 });
    const heard = Promise.all([1, 2].map((owner) => hear(batching.submit(ownedRequest(owner)))));
    const drained = batching.batcher.drain();
    expect(() => batching.submit(ownedRequest(3))).toThrow(expect.objectContaining({ code: 'draining' }));
    await drained;
    expect(batching.batcher.running + batching.batcher.waiting).toBe(0);
    expect(await heard).toMatchObject([{ finish: 'length' }, { finish: 'length' }]);
  });
});

describe('a failed step', () => {
  test('fails the sequences in rows, after their text; those that wait go on', async () => {
    const batching = start({ rows: 2 });
    const requests = [1, 2, 3].map((owner) => ownedRequest(owner, { length: 4 }));
    const heard = Promise.all(requests.map((request) => hear(batching.submit(request))));
    failAtStep(batching, 3);
    const [first, second, third] = await heard;
    const alone = requests.map(saysAlone);
    for (const [index, failed] of [first, second].entries()) {
      expect(failed).toMatchObject({ finish: null, error: { message: 'lost at step 3' } });
      // Two of four tokens.
      expect(failed?.text).toBe(alone[index]!.text.replace(/^(\d+ \d+ ).*/, '$1'));
    }
    expect(third).toMatchObject({ text: alone[2]!.text, finish: 'length' });
    expect(batching.batcher.healthy).toBe(true);
    expect(batching.finished).toHaveLength(3);
  });

  test('that lacked memory fails its own sequences alone, and nothing is restarted', async () => {
    const batching = start({ rows: 3, slots: 8 });
    const requests = [1, 2, 3].map((owner) => ownedRequest(owner, { length: 4 }));
    const first = hear(batching.submit(requests[0]!));
    let others: Promise<unknown> | undefined;
    batching.engine.onStep = ({ work }) => {
      if (work.kind === 'decode') others ??= Promise.all(requests.slice(1).map((one) => hear(batching.submit(one))));
      else if (work.firstRow === 1) batching.engine.failure = new OctavoError('device_out_of_memory', 'full');
    };
    expect(await first).toMatchObject({ text: saysAlone(requests[0]!).text, finish: 'length' });
    const failed = { text: '', finish: null, error: { code: 'device_out_of_memory' } };
    expect(await others).toMatchObject([failed, failed]);
    expect(batching.engine.restarts).toBe(0);
    expect(batching.finished).toHaveLength(3);
    batching.engine.onStep = () => {};
    expect(await hear(batching.submit(requests[1]!))).toMatchObject({ text: saysAlone(requests[1]!).text });
    expect(batching.engine.violations).toEqual([]);
  });

  test('in the middle of a prompt fails that one, too', async () => {
    const batching = start();
    const heard = hear(batching.submit(ownedRequest(1, { length: 30 })));
    failAtStep(batching, 2);
    expect(await heard).toMatchObject({ text: '', error: { message: 'lost at step 2' } });
    expect(batching.batcher.running).toBe(0);
  });

  test('leaves a sequence that was cancelled during the step cancelled', async () => {
    const batching = start();
    const sequence = batching.submit(ownedRequest(1));
    batching.engine.during = async () => {
      sequence.cancel();
      batching.engine.failure = new Error('lost');
    };
    expect(await hear(sequence)).toMatchObject({ finish: 'cancelled', error: null });
    await batching.idle();
    expect(batching.finished).toHaveLength(1);
  });

  test('is not healthy until the engine is back; newcomers wait for it', async () => {
    const batching = start();
    const first = hear(batching.submit(ownedRequest(1)));
    failAtStep(batching, 1);
    let late: ReturnType<typeof hear> | undefined;
    batching.engine.restart = async () => {
      expect(batching.batcher.healthy).toBe(false);
      late = hear(batching.submit(ownedRequest(2)));
    };
    expect(await first).toMatchObject({ error: { message: 'lost at step 1' } });
    await turns(() => batching.batcher.healthy);
    expect(await late).toMatchObject({ finish: 'length', text: saysAlone(ownedRequest(2)).text });
  });

  test('of an engine that cannot be restarted fails those that wait, too', async () => {
    const batching = start({ rows: 1 });
    const heard = Promise.all([1, 2].map((owner) => hear(batching.submit(ownedRequest(owner)))));
    failAtStep(batching, 1);
    batching.engine.restart = async () => {
      throw new Error('gone for good');
    };
    expect((await heard).map(({ error }) => error?.message)).toEqual(['lost at step 1', 'gone for good']);
    expect(batching.batcher).toMatchObject({ healthy: false, running: 0, waiting: 0 });
    expect(batching.finished).toHaveLength(2);
  });

  test.each<[string, (batching: Batching) => void]>([
    ['a probe', ({ batcher }) => batcher.revive()],
    ['the next request', (batching) => batching.submit(ownedRequest(2))],
  ])('of an engine that could not be restarted is tried again by %s', async (_, wake) => {
    const batching = start();
    const first = hear(batching.submit(ownedRequest(1)));
    failAtStep(batching, 1);
    batching.engine.restart = async () => {
      throw new Error('not yet');
    };
    expect(await first).toMatchObject({ error: { message: 'lost at step 1' } });
    await batching.idle();
    expect(batching.batcher.healthy).toBe(false);

    batching.engine.restart = async () => {};
    wake(batching);
    await batching.idle();
    expect(batching.batcher.healthy).toBe(true);
    expect(await hear(batching.submit(ownedRequest(3)))).toMatchObject({ finish: 'length' });
  });
});

function failAtStep({ engine }: Batching, number: number): void {
  engine.during = async () => {
    if (engine.steps.length === number) engine.failure = new Error(`lost at step ${number}`);
  };
}
