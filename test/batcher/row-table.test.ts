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
  test('complete prompts decode, from the first row on; one in chunks has the last row', () => {
    const table = new RowTable(4);
    const [a, b, c] = [complete(), complete(), partial()];
    expect(table.place([a])).toBe(0);
    expect(table.place([c])).toBe(3);
    expect(table.place([b])).toBe(1);
    expect(table.decoding).toEqual([a, b]);
    expect(table.chunked).toBe(c);
    expect(table.all).toEqual([a, b, c]);
    expect(table.free).toBe(1);
  });

  test('a prompt in chunks stays where it is until it is complete, then decodes behind the others', () => {
    const table = new RowTable(4);
    const [a, b] = [complete(), partial()];
    table.place([a]);
    table.place([b]);
    expect(table.release()).toEqual([]);
    b.prefilled = 4;
    expect(table.place([b])).toBe(3);
    expect(table.release()).toEqual([{ from: 3, to: 1 }]);
    expect(table.decoding).toEqual([a, b]);
    expect(table.chunked).toBeNull();
  });

  test('a prompt in chunks that is complete in its own place does not move', () => {
    const table = new RowTable(1);
    const a = partial();
    table.place([a]);
    a.prefilled = 4;
    expect(table.release()).toEqual([]);
    expect(table.decoding).toEqual([a]);
  });

  test('what cannot be is said', () => {
    const table = new RowTable(2);
    expect(() => table.place([])).toThrow('a prefill has sequences');
    expect(() => table.place([partial(), complete()])).toThrow('a prompt in chunks comes alone');
    table.place([partial()]);
    expect(() => table.place([partial()])).toThrow('no prompt begins while another is computed in chunks');
    expect(() => table.place([complete(), complete()])).toThrow('no more sequences than rows');
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

  test('the prompt in chunks stays, whoever leaves, and leaves without a move', () => {
    const table = new RowTable(4);
    const [a, b, c] = [complete(), complete(), partial()];
    table.place([a, b]);
    table.place([c]);
    a.cancel();
    expect(table.release()).toEqual([{ from: 1, to: 0 }]);
    b.cancel();
    expect(table.release()).toEqual([]);
    c.cancel();
    expect(table.release()).toEqual([]);
    expect(table.all).toEqual([]);
  });

  test('a prompt that is complete fills the place of one that leaves', () => {
    const table = new RowTable(4);
    const [a, b, c] = [complete(), complete(), partial()];
    table.place([a, b]);
    table.place([c]);
    c.prefilled = 4;
    b.cancel();
    expect(table.release()).toEqual([{ from: 3, to: 1 }]);
    expect(table.decoding).toEqual([a, c]);
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
    const sequences = Array.from({ length: random.between(1, 7) }, complete);
    const arena: (Sequence | undefined)[] = new Array(8).fill(undefined);
    arena.splice(table.place(sequences), sequences.length, ...sequences);
    if (random.below(2) === 0) {
      const chunked = partial();
      arena[table.place([chunked])] = chunked;
      if (random.below(2) === 0) chunked.prefilled = 4;
    }
    const before = arena.map((one) => {
      if (random.below(3) === 0) one?.cancel();
      return one?.finished ? undefined : one;
    });
    const after = [...before];
    const moves = table.release();
    const moved = moves.map(({ from }) => before[from]);
    expect(new Set(moved).size).toBe(moves.length);
    expect(moved).not.toContain(undefined);
    for (const { from, to } of moves) {
      expect(after[from]).toBeDefined();
      expect(after[to]).toBeUndefined();
      after[to] = after[from];
      after[from] = undefined;
    }
    const expected = [...table.decoding, ...new Array(8 - table.decoding.length).fill(undefined)];
    if (table.chunked !== null) expected[7] = table.chunked;
    expect(after).toEqual(expected);
    expect(table.all).toHaveLength(before.filter((one) => one !== undefined).length);
  }
});
