/** The arena: rows are windows onto one block, and a move copies exactly the cached tokens. */
import { expect, test } from 'vitest';
import { KvArena, type KvView } from '#octavo/models/decoder/kv-arena.js';
import type { Tensor } from '#octavo/models/runtime/runtime.js';

const shape = { layers: 2, kvHeads: 2, headDim: 3, rows: 4, capacity: 5 };
const names = ['0.key', '0.value', '1.key', '1.value'];
const rowLength = shape.kvHeads * shape.capacity * shape.headDim;

const values = (view: KvView<Tensor>, name: string) => view.past.get(`past_key_values.${name}`)!.data as Float32Array;

/** Gives every element of the arena a value of its own. */
function fill(arena: KvArena): void {
  names.forEach((name, block) => {
    values(arena.view(0, shape.rows), name).forEach((_, i, all) => {
      all[i] = block * 1000 + i;
    });
  });
}

test('names every layer, and binds past and present to the same memory', () => {
  const { past, present } = new KvArena(shape).view(1, 2);
  expect([...past.keys()]).toEqual(names.map((name) => `past_key_values.${name}`));
  expect([...present.keys()]).toEqual(names.map((name) => `present.${name}`));
  for (const name of names) {
    expect(past.get(`past_key_values.${name}`)).toBe(present.get(`present.${name}`));
    expect(past.get(`past_key_values.${name}`)!.dims).toEqual([2, 2, 5, 3]);
  }
});

test('the same rows give the same tensors, so that they stay bound', () => {
  const arena = new KvArena(shape);
  expect(arena.view(0, 2)).toBe(arena.view(0, 2));
  expect(arena.view(1, 2)).not.toBe(arena.view(0, 2));
});

test('views are windows: what one writes, another that covers the row reads', () => {
  const arena = new KvArena(shape);
  fill(arena);
  for (const [block, name] of names.entries()) {
    expect([...values(arena.view(2, 1), name)]).toEqual(
      Array.from({ length: rowLength }, (_, i) => block * 1000 + 2 * rowLength + i),
    );
  }
});

test.each([
  [3, 0, 5],
  [3, 0, 2],
  [2, 1, 1],
  [0, 2, 3],
  [1, 0, 0],
])('moving row %i to row %i copies its first %i tokens of every head and nothing else', (from, to, length) => {
  const [arena, before] = [new KvArena(shape), new KvArena(shape)];
  fill(arena);
  fill(before);
  arena.move(from, to, length);
  for (const name of names) {
    for (let row = 0; row < shape.rows; row++) {
      const [own, source] = [values(before.view(row, 1), name), values(before.view(from, 1), name)];
      const expected = own.map((value, i) => {
        const token = Math.floor(i / shape.headDim) % shape.capacity;
        return row === to && token < length ? source[i]! : value;
      });
      expect([...values(arena.view(row, 1), name)]).toEqual([...expected]);
    }
  }
});

test('holds a byte for each value in int8', () => {
  const { blocks } = new KvArena({ ...shape, element: 'int8' });
  expect(blocks.map(({ byteLength }) => byteLength)).toEqual(names.map(() => shape.rows * rowLength));
  blocks[0]![0] = -128;
  expect(blocks[0]![0]).toBe(-128);
});

test('gives its memory back, and takes it again at the same place when it is written', () => {
  const large = { layers: 2, kvHeads: 2, headDim: 64, rows: 16, capacity: 1024 };
  const megabytes = (4 * 16 * 2 * 1024 * 64 * 4) / 2 ** 20;
  const arena = new KvArena(large);
  const untouched = residentMegabytes();
  for (const block of arena.blocks) block.fill(1);
  const filled = residentMegabytes();
  const view = arena.view(0, 16);
  arena.release();
  expect(filled - untouched).toBeGreaterThan(megabytes / 2);
  expect(filled - residentMegabytes()).toBeGreaterThan(megabytes / 2);
  // What was bound is bound, and empty.
  expect(arena.view(0, 16)).toBe(view);
  const keys = view.past.get('past_key_values.0.key')!.data as Float32Array;
  expect(keys[12_345]).toBe(0);
  keys[12_345] = 7;
  expect(arena.blocks[0]![12_345]).toBe(7);
});

function residentMegabytes(): number {
  return process.memoryUsage().rss / 2 ** 20;
}
