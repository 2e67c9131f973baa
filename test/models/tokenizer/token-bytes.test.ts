/** What each token stands for, in every kind of vocabulary that is supported. */
import { describe, expect, test } from 'vitest';
import { readTokenBytes } from '#octavo/models/tokenizer/token-bytes.js';

const texts = (table: readonly (Uint8Array | undefined)[]) =>
  Array.from(table, (bytes) => (bytes === undefined ? null : Buffer.from(bytes).toString()));

const byteLevel = (vocab: Record<string, number>, added: object[] = []) =>
  readTokenBytes({ model: { vocab }, added_tokens: added, decoder: { type: 'ByteLevel' } });

describe('byte-level vocabularies', () => {
  test('printable characters stand for themselves, the others are moved to U+0100 and on', () => {
    const table = byteLevel({ Ġthe: 0, Ċ: 1, ÃŃ: 2, ðŁĻĤ: 3, '!~': 4 });
    expect(texts(table)).toEqual([' the', '\n', 'í', '🙂', '!~']);
  });

  test('all 256 bytes have a character of their own', () => {
    // OpenAI's list: the printable ranges of Latin-1, then the 68 other bytes in order.
    const printable = [...range(33, 126), ...range(161, 172), ...range(174, 255)];
    const others = range(0, 255).filter((byte) => !printable.includes(byte));
    const vocab: Record<string, number> = {};
    for (const byte of printable) vocab[String.fromCodePoint(byte)] = byte;
    others.forEach((byte, index) => {
      vocab[String.fromCodePoint(256 + index)] = byte;
    });
    expect(byteLevel(vocab).map((bytes) => [...(bytes ?? [])])).toEqual(range(0, 255).map((byte) => [byte]));
  });

  test('within a sequence of decoders, too', () => {
    const decoder = { type: 'Sequence', decoders: [{ type: 'Fuse' }, { type: 'ByteLevel' }] };
    expect(texts(readTokenBytes({ model: { vocab: { Ġa: 0 } }, decoder }))).toEqual([' a']);
  });
});

describe('SentencePiece vocabularies', () => {
  test.each(['ByteFallback', 'Metaspace'])('%s: bytes by their number, ▁ for a space', (type) => {
    const vocab = { '<0x0A>': 0, '<0xF0>': 1, '▁the': 2, '▁▁': 3, '<0xZZ>': 4, é: 5 };
    const table = readTokenBytes({ model: { vocab }, decoder: { type: 'Sequence', decoders: [{ type }] } });
    expect([...(table[1] ?? [])]).toEqual([0xf0]);
    expect(texts(table).toSpliced(1, 1)).toEqual(['\n', ' the', '  ', '<0xZZ>', 'é']);
  });
});

test('a list of tokens with scores: the places are the ids', () => {
  const vocab = [
    ['<unk>', 0],
    ['▁a', -1.5],
    ['b', -2],
  ];
  const added = [{ id: 0, content: '<unk>', special: true }];
  const table = readTokenBytes({ model: { vocab }, added_tokens: added, decoder: { type: 'Metaspace' } });
  expect(texts(table)).toEqual([null, ' a', 'b']);
});

test('special tokens and holes have no text; added ones that are not special are taken as they are', () => {
  const added = [
    { id: 3, content: '<|end|>', special: true },
    { id: 4, content: '<tool call>', special: false },
    { id: 1, content: 'b', special: true },
  ];
  expect(texts(byteLevel({ a: 0, b: 1 }, added))).toEqual(['a', null, null, null, '<tool call>']);
});

describe('what is not supported is refused with what is', () => {
  test.each<[string, unknown, RegExp]>([
    [
      'another decoder',
      { model: { vocab: {} }, decoder: { type: 'WordPiece' } },
      /decoder is WordPiece; supported are ByteLevel/,
    ],
    ['no decoder', { model: { vocab: {} }, decoder: null }, /decoder is missing/],
    ['a list without scores', { model: { vocab: ['a', 'b'] }, decoder: { type: 'Metaspace' } }, /model\.vocab/],
    ['no vocabulary', { version: '1.0' }, /model/],
    ['no object', 'tokenizer', /expected an object, got a string/],
  ])('%s', (_, tokenizer, message) => {
    expect(() => readTokenBytes(tokenizer)).toThrow(
      expect.objectContaining({ code: 'unsupported_model', message: expect.stringMatching(message) }),
    );
  });
});

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}
