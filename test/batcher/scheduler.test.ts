/** The scheduler's decisions, one rule at a time. */
import { describe, expect, test } from 'vitest';
import {
  chunkLength,
  defaultLimits,
  nextPlan,
  type Plan,
  type SchedulerLimits,
  type SchedulerView,
} from '#octavo/batcher/scheduler.js';
import { Random } from '../support/random.js';

const limits: SchedulerLimits = { chunkTokens: 16, prefillTokens: 40, maxWaste: 0.2, messageMs: 4, grouping: 'length' };
const idle: SchedulerView = {
  waiting: [],
  reusable: [],
  decoding: 0,
  roundMs: null,
  tokensLeft: 100,
  draftTokens: 0,
  freeRows: 4,
  chunked: null,
  lastWasPrefill: false,
  overtaken: 0,
};
const decode: Plan = { kind: 'decode', rounds: 1 };
const admit = (places: readonly number[], tokens: readonly number[]): Plan => ({ kind: 'admit', places, tokens });
const plan = (view: Partial<SchedulerView>, changes: Partial<SchedulerLimits> = {}) =>
  nextPlan({ ...idle, ...view }, { ...limits, ...changes });

describe('who is next', () => {
  test.each<[string, Partial<SchedulerView>, Plan | null]>([
    ['nothing to do', {}, null],
    ['a newcomer to an empty arena', { waiting: [5] }, admit([0], [5])],
    ['running sequences', { decoding: 2, freeRows: 2 }, decode],
    ['a newcomer after a decode step', { waiting: [5], decoding: 2, freeRows: 2 }, admit([0], [5])],
    ['running sequences after a prefill', { waiting: [5], decoding: 2, freeRows: 2, lastWasPrefill: true }, decode],
    ['another newcomer when nothing runs', { waiting: [5], lastWasPrefill: true }, admit([0], [5])],
    ['running sequences while no row is free', { waiting: [5], decoding: 4, freeRows: 0 }, decode],
    [
      'the prompt in chunks once newcomers have had their budget',
      { waiting: [5], overtaken: 40, decoding: 1, freeRows: 2, chunked: { length: 50, past: 16 } },
      { kind: 'chunk', places: [], tokens: [16] },
    ],
    [
      'running sequences between chunks',
      { decoding: 1, freeRows: 2, chunked: { length: 50, past: 16 }, lastWasPrefill: true },
      decode,
    ],
    [
      'chunk after chunk when nothing else runs',
      { freeRows: 3, chunked: { length: 50, past: 32 }, lastWasPrefill: true },
      { kind: 'chunk', places: [], tokens: [16] },
    ],
    ['the first chunk of a long prompt, alone', { waiting: [50, 16, 16] }, admit([0], [16])],
  ])('%s', (_, view, expected) => {
    expect(plan(view)).toEqual(expected);
  });
});

describe('rounds of a decode message', () => {
  const running = { decoding: 2, freeRows: 2 } as const;
  test.each<[string, Partial<SchedulerView>, number]>([
    ['one while nobody knows how long it takes', running, 1],
    ['as many as fit the time of a message', { ...running, roundMs: 0.9 }, 4],
    ['one that takes longer', { ...running, roundMs: 50 }, 1],
    ['no more than a row may have tokens', { ...running, roundMs: 0.1, tokensLeft: 3 }, 3],
    [
      'one after a prefill, while a newcomer has a row to come to',
      { ...running, waiting: [5], roundMs: 0.5, lastWasPrefill: true },
      1,
    ],
    [
      'one beside a prompt in chunks',
      { ...running, roundMs: 0.5, chunked: { length: 50, past: 16 }, lastWasPrefill: true },
      1,
    ],
    ['many while newcomers have no row', { decoding: 4, freeRows: 0, waiting: [5], roundMs: 0.5 }, 8],
  ])('%s', (_, view, rounds) => {
    expect(plan(view)).toEqual({ kind: 'decode', rounds });
  });
});

test('a decode message guesses as many tokens as it is told, and gives no row more than it may have', () => {
  const view = { decoding: 2, freeRows: 2, roundMs: 1, tokensLeft: 7, draftTokens: 5 };
  expect(plan(view)).toEqual({ kind: 'decode', rounds: 4, speculation: { draftTokens: 5, mostTokens: 7 } });
});

describe('who overtakes a long prompt between its chunks', () => {
  const long = { chunked: { length: 50, past: 16 } } as const;
  const chunk: Plan = { kind: 'chunk', places: [], tokens: [16] };
  test.each<[string, Partial<SchedulerView>, Plan]>([
    ['short newcomers, together', { ...long, waiting: [5, 5] }, admit([0, 1], [5, 5])],
    ['short newcomers behind another long prompt', { ...long, waiting: [40, 5] }, admit([1], [5])],
    ['nobody who needs chunks', { ...long, waiting: [40, 18] }, chunk],
    ['others after them, in what is left of the budget', { ...long, waiting: [9, 9], overtaken: 31 }, admit([0], [9])],
    ['one of which a part is known, alone', { ...long, waiting: [40, 9, 9], reusable: [0, 4, 0] }, admit([1], [5])],
    ['nobody beyond the budget', { ...long, waiting: [9, 2], overtaken: 32 }, chunk],
    ['nobody before the decode step', { ...long, waiting: [5], decoding: 1, lastWasPrefill: true }, decode],
    ['nobody without a row', { ...long, waiting: [5], freeRows: 0 }, chunk],
    ['nobody who would take the last row from an older long prompt', { ...long, waiting: [40, 5], freeRows: 1 }, chunk],
    ['one in the last row when it is the oldest', { ...long, waiting: [5, 40], freeRows: 1 }, admit([0], [5])],
  ])('%s', (_, view, expected) => {
    expect(plan(view)).toEqual(expected);
  });

  test('one who is beyond the budget of one prefill', () => {
    expect(plan({ ...long, waiting: [16] }, { prefillTokens: 10 })).toEqual(admit([0], [16]));
  });

  test('nobody where sequences are taken strictly as they come', () => {
    expect(plan({ ...long, waiting: [5] }, { grouping: 'arrival' })).toEqual(chunk);
  });
});

describe('who comes with the oldest where sequences are taken strictly as they come', () => {
  test.each<[string, readonly number[], readonly number[]]>([
    ['the next ones, whatever their length', [8, 2, 10], [0, 1, 2]],
    ['nobody behind one that needs chunks', [8, 2, 18, 2], [0, 1]],
    ['not more than the budget of padded tokens', [8, 16, 2], [0, 1]],
  ])('%s', (_, waiting, places) => {
    expect(plan({ waiting }, { grouping: 'arrival' })).toMatchObject({ kind: 'admit', places });
  });
});

describe('who joins the oldest', () => {
  test.each<[string, readonly number[], readonly number[]]>([
    ['the same length', [8, 8, 8], [0, 1, 2]],
    ['the nearest lengths first', [8, 10, 8], [0, 2, 1]],
    ['the older of equally near ones first', [8, 9, 7], [0, 1, 2]],
    ['not one that is much longer', [8, 14], [0]],
    ['not one that is much shorter', [8, 2], [0]],
    ['not one that needs chunks', [16, 18], [0]],
    ['not more than the budget of padded tokens', [13, 13, 13, 13], [0, 1, 2]],
    ['not more than there are rows', [2, 2, 2, 2, 2, 2], [0, 1, 2, 3]],
  ])('%s', (_, waiting, places) => {
    expect(plan({ waiting })).toEqual(
      admit(
        places,
        places.map((place) => waiting[place]!),
      ),
    );
  });

  test('padding that is exactly the limit is allowed', () => {
    // Rows of 8 and 5: 13 useful of 16.
    expect(plan({ waiting: [8, 5] }, { maxWaste: 1 - 13 / 16 })).toEqual(admit([0, 1], [8, 5]));
    expect(plan({ waiting: [8, 5] }, { maxWaste: 0.18 })).toEqual(admit([0], [8]));
  });

  test('an oldest prompt beyond the budget goes alone', () => {
    expect(plan({ waiting: [16, 16] }, { prefillTokens: 10 })).toEqual(admit([0], [16]));
  });
});

describe('chunks', () => {
  test.each<[number, number[]]>([
    [1, [1]],
    [15, [15]],
    [16, [16]],
    // The last chunk takes one token more rather than leave it alone.
    [17, [17]],
    [18, [16, 2]],
    [33, [16, 17]],
    [34, [16, 16, 2]],
    [50, [16, 16, 16, 2]],
  ])('a prompt of %i tokens is cut into %j', (length, expected) => {
    const chunks: number[] = [];
    for (let past = 0; past < length; past += chunks.at(-1)!) chunks.push(chunkLength({ length, past }, limits));
    expect(chunks).toEqual(expected);
  });

  test('every prompt is cut into chunks of at least two tokens that make it whole, for every setting', () => {
    for (let chunkTokens = 2; chunkTokens < 12; chunkTokens++) {
      for (let length = 2; length < 60; length++) {
        for (let past = 0; past < length; ) {
          const chunk = chunkLength({ length, past }, { ...defaultLimits, chunkTokens });
          expect(chunk).toBeGreaterThanOrEqual(2);
          expect(chunk).toBeLessThanOrEqual(chunkTokens + 1);
          past += chunk;
          expect(past).toBeLessThanOrEqual(length);
        }
      }
    }
  });
});

test('whatever waits, an admission has the oldest, fits the rows, the budget and the limit of padding', () => {
  const random = new Random(3);
  for (let round = 0; round < 2000; round++) {
    const waiting = Array.from({ length: random.between(1, 12) }, () => random.between(1, 30));
    const freeRows = random.between(1, 6);
    const own = { ...limits, prefillTokens: random.between(1, 80), maxWaste: random.pick([0, 0.1, 0.5, 1]) };
    const chosen = nextPlan({ ...idle, waiting, freeRows }, own);
    if (chosen?.kind !== 'admit') throw new Error('a newcomer is admitted to a free row');
    const { places, tokens } = chosen;
    expect(places[0]).toBe(0);
    expect(new Set(places).size).toBe(places.length);
    expect(places.length).toBeLessThanOrEqual(freeRows);
    if (places.length === 1) continue;
    const padded = Math.max(...tokens) * tokens.length;
    expect(tokens).toEqual(places.map((place) => waiting[place]));
    expect(padded).toBeLessThanOrEqual(own.prefillTokens);
    expect(1 - tokens.reduce((sum, length) => sum + length, 0) / padded).toBeLessThanOrEqual(own.maxWaste);
  }
});
