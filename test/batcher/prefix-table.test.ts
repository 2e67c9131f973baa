/** The table of kept blocks: what it knows, what it forgets, and that its plan fits any pool. */
import { describe, expect, test } from 'vitest';
import { blockChain, mostReusable, PrefixTable } from '#octavo/batcher/prefix-table.js';
import { Random } from '../support/random.js';

const prompt = (length: number, seed = 0) => Array.from({ length }, (_, index) => (index * 31 + seed * 7) % 4000);

describe('the names of blocks', () => {
  test('one for each whole block of 64 tokens', () => {
    expect([0, 63, 64, 127, 128, 300].map((length) => blockChain(prompt(length), '').length)).toEqual([
      0, 0, 1, 1, 2, 4,
    ]);
  });

  test('the same as long as all tokens before are the same', () => {
    const chain = blockChain(prompt(256), '');
    const other = prompt(256);
    other[130] = 4001;
    const changed = blockChain(other, '');
    expect(changed.slice(0, 2)).toEqual(chain.slice(0, 2));
    expect(changed[2]).not.toBe(chain[2]);
    expect(changed[3]).not.toBe(chain[3]);
    expect(blockChain(prompt(200), '')).toEqual(chain.slice(0, 3));
  });

  test('never the same for two tenants', () => {
    expect(blockChain(prompt(64), 'a')).not.toEqual(blockChain(prompt(64), 'b'));
  });
});

test.each([
  [1, 0],
  [65, 0],
  [66, 1],
  [129, 1],
  [130, 2],
])('of %i tokens %i blocks may be taken: two tokens are left to compute', (tokens, blocks) => {
  expect(mostReusable(tokens)).toBe(blocks);
});

describe('the table', () => {
  const [a, b, c] = [blockChain(prompt(256), ''), blockChain(prompt(256, 1), ''), blockChain(prompt(128, 2), '')];

  test('knows what was added, from the first block on', () => {
    const table = new PrefixTable(8);
    expect(table.known(a)).toBe(0);
    expect(table.add(a).map(({ block }) => block)).toEqual([0, 1, 2, 3]);
    expect(table.known(a)).toBe(4);
    expect(table.known(a.slice(0, 2))).toBe(2);
    expect(table.known(b)).toBe(0);
    expect(table.add(a)).toEqual([]);
  });

  test('gives the slots that the blocks were put into', () => {
    const table = new PrefixTable(8);
    const copies = table.add(a);
    expect(table.take(a, 3)).toEqual(copies.slice(0, 3).map(({ slot }) => slot));
    expect(new Set(copies.map(({ slot }) => slot)).size).toBe(4);
  });

  test('forgets the longest unused chain first, from its end', () => {
    const table = new PrefixTable(8);
    table.add(a);
    table.add(b);
    table.take(a, 4);
    table.add(c);
    expect([table.known(a), table.known(b), table.known(c)]).toEqual([4, 2, 2]);
  });

  test('keeps the beginning of a chain that is longer than the pool', () => {
    const table = new PrefixTable(3);
    table.add(c);
    expect(table.add(a).map(({ block }) => block)).toEqual([0, 1, 2]);
    expect([table.known(a), table.known(c)]).toEqual([3, 0]);
  });

  test('without slots keeps nothing', () => {
    const table = new PrefixTable(0);
    expect(table.add(a)).toEqual([]);
    expect(table.known(a)).toBe(0);
  });

  test('begins anew when the pool is lost', () => {
    const table = new PrefixTable(4);
    table.add(a);
    table.clear();
    expect(table.known(a)).toBe(0);
    expect(table.add(b)).toHaveLength(4);
  });
});

test('over random lives a slot always holds what the table takes it for', () => {
  for (let seed = 1; seed <= 60; seed++) {
    const random = new Random(seed);
    const capacity = random.between(1, 12);
    const table = new PrefixTable(capacity);
    // Prompts that share beginnings of every length.
    const chains = Array.from({ length: 12 }, () => {
      const tokens = prompt(random.between(64, 512), random.below(3));
      tokens[random.below(tokens.length)] = 4000 + random.below(3);
      return blockChain(tokens, '');
    });
    const pool: (string | undefined)[] = [];
    for (let round = 0; round < 80; round++) {
      const chain = random.pick(chains);
      const known = table.known(chain);
      if (known > 0 && random.below(2) === 0) {
        const count = random.between(1, known);
        expect(table.take(chain, count).map((slot) => pool[slot])).toEqual(chain.slice(0, count));
      } else {
        for (const { block, slot } of table.add(chain)) {
          expect(slot).toBeLessThan(capacity);
          pool[slot] = chain[block];
        }
        expect(table.known(chain)).toBe(Math.min(chain.length, capacity));
      }
    }
  }
});
