/** The row table: decoding rows without a hole, and moves that take each sequence where the table says it is. */
import { describe, expect, test } from 'vitest';
import { RowTable } from '#octavo/batcher/row-table.js';
import { Sequence } from '#octavo/batcher/sequence.js';
import { numberDetokenizer, ownedRequest } from '../support/owned-tokens.js';
import { Random } from '../support/random.js';

function sequence(prefilled: number, length = 4): Sequence {
  const made = new Sequence(ownedRequest(1, { length }), numberDetokenizer(), () => 0);
  made.prefilled = prefilled;
  return made;
}

const complete = () => sequence(4);
const partial = () => sequence(2);

describe('placing', () => {
  test('complete prompts decode, one in chunks stays behind them', () => {
    const table = new RowTable(4);
    const [a, b, c] = [complete(), complete(), partial()];
    table.place([a, b]);
    table.place([c]);
    expect(table.decoding).toEqual([a, b]);
    expect(table.chunked).toBe(c);
    expect(table.all).toEqual([a, b, c]);
    expect(table.free).toBe(1);
  });

  test('a prompt in chunks decodes once it is complete', () => {
    const table = new RowTable(2);
    const a = partial();
    table.place([a]);
    expect(table.takeChunked()).toBe(a);
    a.prefilled = 4;
    table.place([a]);
    expect(table.decoding).toEqual([a]);
    expect(table.chunked).toBeNull();
  });

  test('what cannot be is said', () => {
    const table = new RowTable(1);
    expect(() => table.takeChunked()).toThrow('a prompt is being computed in chunks');
    table.place([partial()]);
    expect(() => table.place([complete()])).toThrow('no prompt begins while another is computed in chunks');
    expect(() => new RowTable(1).place([complete(), complete()])).toThrow('no more sequences than rows');
  });
});

describe('releasing', () => {
  test.each<[string, number, readonly number[], readonly (readonly [number, number])[]]>([
    ['none', 3, [], []],
    ['the last', 3, [2], []],
    ['the first', 3, [0], [[2, 0]]],
    ['two in the middle', 4, [1, 2], [[3, 1]]],
    [
      'the first two',
      4,
      [0, 1],
      [
        [3, 0],
        [2, 1],
      ],
    ],
    ['all', 3, [0, 1, 2], []],
    ['the first and the last', 3, [0, 2], [[1, 0]]],
  ])('%s of %i decoding rows', (_, count, leaving, moves) => {
    const table = new RowTable(4);
    const sequences = Array.from({ length: count }, complete);
    table.place(sequences);
    for (const row of leaving) sequences[row]?.cancel();
    expect(table.release()).toEqual(moves.map(([from, to]) => ({ from, to })));
    expect(table.free).toBe(4 - count + leaving.length);
  });

  test('the prompt in chunks follows the rows before it', () => {
    const table = new RowTable(4);
    const [a, b, c] = [complete(), complete(), partial()];
    table.place([a, b]);
    table.place([c]);
    a.cancel();
    expect(table.release()).toEqual([
      { from: 1, to: 0 },
      { from: 2, to: 1 },
    ]);
    b.cancel();
    expect(table.release()).toEqual([{ from: 1, to: 0 }]);
    c.cancel();
    expect(table.release()).toEqual([]);
    expect(table.all).toEqual([]);
  });

  test('clearing leaves every row free, without a move', () => {
    const table = new RowTable(3);
    table.place([complete()]);
    table.place([partial()]);
    table.clear();
    expect(table.free).toBe(3);
    expect(table.release()).toEqual([]);
  });
});

test('over random departures the moves, done in order, take every sequence to its row, each in one move', () => {
  const random = new Random(5);
  for (let round = 0; round < 500; round++) {
    const table = new RowTable(8);
    const sequences = Array.from({ length: random.between(0, 7) }, complete);
    table.place(sequences);
    if (random.below(2) === 0) table.place([partial()]);
    const before = [...table.all];
    for (const one of before) if (random.below(3) === 0) one.cancel();
    const arena: (Sequence | undefined)[] = before.map((one) => (one.finished ? undefined : one));
    const moves = table.release();
    const moved = moves.map(({ from }) => before[from]);
    expect(new Set(moved).size).toBe(moves.length);
    expect(moved).not.toContain(undefined);
    for (const { from, to } of moves) {
      expect(arena[from]).toBeDefined();
      expect(arena[to]).toBeUndefined();
      arena[to] = arena[from];
      arena[from] = undefined;
    }
    expect(arena.filter((one) => one !== undefined)).toEqual(arena.slice(0, table.all.length));
    expect(arena.slice(0, table.all.length)).toEqual(table.all);
    expect(table.all).toHaveLength(before.filter((one) => !one.finished).length);
  }
});
