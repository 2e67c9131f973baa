/** The decoder on a graph whose cache holds token ids: every token follows from exactly its own row. */
import { describe, expect, test } from 'vitest';
import { CausalModel } from '#octavo/models/decoder/causal-model.js';
import { Decoder } from '#octavo/models/decoder/decoder.js';
import { greedy, type Sampling } from '#octavo/models/decoder/sampling.js';
import type { PromptChunk, RowMove, Step } from '#octavo/models/decoder/step.js';
import { PlainWeigher } from '#octavo/models/decoder/weigher.js';
import { type FakeGraph, FakeSession, tokenAfter } from '../../support/fake-session.js';

const vocab = 97;
const shape = { layers: 2, kvHeads: 2, headDim: 2, rows: 4, capacity: 32, vocab };

function open(graph: Partial<FakeGraph> = {}) {
  const session = new FakeSession({ vocab, ...graph });
  return { session, decoder: new Decoder(new CausalModel(session, shape), new PlainWeigher()) };
}

const guessing = (rows: number, rounds: number, { draftTokens = 4, mostTokens = 100 } = {}): Step => ({
  moves: [],
  work: { kind: 'decode', rows, rounds, speculation: { draftTokens, mostTokens } },
});
const whole = (...ids: number[]): PromptChunk => ({ ids, past: 0, sampling: greedy });
const prefill = (firstRow: number, chunks: readonly PromptChunk[], moves: readonly RowMove[] = []): Step => ({
  moves,
  work: { kind: 'prefill', firstRow, chunks },
});
const prefillAll = (prompts: readonly (readonly number[])[]) =>
  prefill(
    0,
    prompts.map((ids) => whole(...ids)),
  );
const decode = (rows: number, moves: readonly RowMove[] = [], rounds = 1): Step => ({
  moves,
  work: { kind: 'decode', rows, rounds },
});

/** Greedy tokens after a prompt, from the definition. */
function expected(prompt: readonly number[], count: number): number[] {
  const ids = [...prompt];
  for (let i = 0; i < count; i++) ids.push(tokenAfter(ids, vocab));
  return ids.slice(prompt.length);
}

describe.each<[string, Partial<FakeGraph>]>([
  ['logits of every position', {}],
  ['logits of the last token only', { lastOnly: true }],
  ['position ids', { positions: true, lastOnly: true }],
])('a graph with %s', (_, graph) => {
  test('prompts of several lengths, padded together, then decoded', async () => {
    const { decoder } = open(graph);
    const prompts = [[1, 2, 3], [4], [5, 6, 7, 8, 9]];
    const steps = [await decoder.step(prefillAll(prompts))];
    for (let i = 0; i < 4; i++) steps.push(await decoder.step(decode(3)));
    prompts.forEach((prompt, row) => {
      expect(steps.flatMap(({ tokens }) => tokens[row])).toEqual(expected(prompt, 5));
    });
  });

  test('a prompt in chunks samples only with the last, while others decode between', async () => {
    const { decoder } = open(graph);
    const prompt = [9, 8, 7, 6, 5, 4, 3];
    const first = await decoder.step(prefill(0, [whole(1, 2)]));
    const chunks = [
      await decoder.step(prefill(1, [{ ids: prompt.slice(0, 3), past: 0 }])),
      await decoder.step(prefill(1, [{ ids: prompt.slice(3, 5), past: 3 }])),
    ];
    const between = await decoder.step(decode(1));
    const end = await decoder.step(prefill(1, [{ ids: prompt.slice(5), past: 5, sampling: greedy }]));
    const both = await decoder.step(decode(2));
    expect(chunks.map(({ tokens }) => tokens)).toEqual([[[]], [[]]]);
    expect([first, between, both].flatMap(({ tokens }) => tokens[0])).toEqual(expected([1, 2], 3));
    expect([end.tokens[0], both.tokens[1]].flat()).toEqual(expected(prompt, 2));
  });

  test('moves close holes before the step, in order', async () => {
    const { decoder } = open(graph);
    const prompts = [
      [1, 1],
      [2, 2],
      [3, 3],
      [4, 4],
    ];
    const first = await decoder.step(prefillAll(prompts));
    // Rows 0 and 1 left: the last goes to row 1, then the next one to row 0.
    const moves = [
      { from: 3, to: 1 },
      { from: 2, to: 0 },
    ];
    const second = await decoder.step(decode(2, moves));
    expect([first.tokens[2], second.tokens[0]].flat()).toEqual(expected([3, 3], 2));
    expect([first.tokens[3], second.tokens[1]].flat()).toEqual(expected([4, 4], 2));
  });

  test('a row that is taken again knows nothing of the sequence before', async () => {
    const { decoder } = open(graph);
    await decoder.step(prefill(0, [whole(1, 2, 3, 4, 5, 6)]));
    await decoder.step(decode(1));
    const { tokens } = await decoder.step(prefill(0, [whole(7, 8)]));
    expect([tokens[0], (await decoder.step(decode(1))).tokens[0]].flat()).toEqual(expected([7, 8], 2));
  });
});

describe('several rounds in one step', () => {
  test('give the tokens of as many steps', async () => {
    const { decoder } = open();
    const first = await decoder.step(prefillAll([[1, 2, 3], [4]]));
    const { tokens, rounds } = await decoder.step(decode(2, [], 5));
    expect(rounds).toBe(5);
    expect([0, 1].map((row) => [...first.tokens[row]!, ...tokens[row]!])).toEqual([
      expected([1, 2, 3], 6),
      expected([4], 6),
    ]);
  });

  test('end after the round in which a row samples a stop token', async () => {
    const { decoder } = open();
    const [, , stop] = expected([4], 3);
    const sampling = { ...greedy, stopTokens: [stop!] };
    const first = await decoder.step(prefill(0, [whole(1, 2, 3), { ids: [4], past: 0, sampling }]));
    const { tokens, rounds } = await decoder.step(decode(2, [], 9));
    expect(rounds).toBe(2);
    expect([...first.tokens[1]!, ...tokens[1]!]).toEqual(expected([4], 3));
    // The other row goes on where it was.
    const { tokens: rest } = await decoder.step(decode(1));
    expect([first.tokens[0], tokens[0], rest[0]].flat()).toEqual(expected([1, 2, 3], 4));
  });
});

/** Prompts after which the first token ends them as they have gone on before, and the next do not. */
function misleading(): number[][] {
  const prompts: number[][] = [];
  for (let filler = 10; filler < 97; filler++) {
    for (let token = 0; token < vocab; token++) {
      const prompt = [8, token, filler, 60, 8];
      if (tokenAfter(prompt, vocab) === token) prompts.push(prompt);
    }
  }
  return prompts.slice(0, 9);
}

describe.each([false, true])('guessed tokens, by a graph that can give the last logits alone: %s', (lastOnly) => {
  test('are those of plain decoding, whether they are right or wrong', async () => {
    const { decoder, session } = open({ lastOnly });
    for (const prompt of misleading()) {
      const first = await decoder.step(prefill(0, [whole(...prompt)]));
      const { tokens, speculation, rounds } = await decoder.step(guessing(1, 6));
      expect([...first.tokens[0]!, ...tokens[0]!]).toEqual(expected(prompt, 1 + tokens[0]!.length));
      expect(tokens[0]!.length).toBe(rounds + speculation!.accepted);
      expect(speculation!.drafted).toBeGreaterThan(0);
      // Plain decoding goes on where they end, over what was guessed wrongly.
      const after = await decoder.step(decode(1));
      expect(after.tokens[0]).toEqual(expected(prompt, 2 + tokens[0]!.length).slice(-1));
    }
    expect(session.runs.some(({ inputs }) => inputs.get('input_ids')!.dims[1]! > 2)).toBe(true);
  });
});

test('guesses that are right give several tokens in one run', async () => {
  const { decoder, session } = open({ lastOnly: true });
  // Each token is forced in its turn, so the text repeats itself.
  const sampling = { ...greedy, logitBias: [[9, 5]] as const };
  await decoder.step(prefill(0, [{ ids: [9, 9, 9, 9], past: 0, sampling }]));
  const { tokens, speculation } = await decoder.step(guessing(1, 2, { draftTokens: 3 }));
  expect(tokens).toEqual([Array(8).fill(9)]);
  expect(speculation).toEqual({ drafted: 6, accepted: 6 });
  expect(session.runs).toHaveLength(3);
});

describe('a step that guesses', () => {
  const nines = { ...greedy, logitBias: [[9, 5]] as const };
  const start = async (sampling: Sampling) => {
    const { decoder } = open();
    await decoder.step(prefill(0, [{ ids: [9, 9, 9, 9], past: 0, sampling }]));
    return decoder;
  };

  test('gives no row more tokens than it may have', async () => {
    const decoder = await start(nines);
    const { tokens, rounds } = await decoder.step(guessing(1, 9, { draftTokens: 3, mostTokens: 6 }));
    expect(tokens[0]).toHaveLength(6);
    expect(rounds).toBe(2);
  });

  test('takes nothing behind a stop token', async () => {
    const decoder = await start({ ...nines, minTokens: 3, stopTokens: [9] });
    const { tokens } = await decoder.step(guessing(1, 9));
    expect(tokens[0]!.at(-1)).toBe(9);
    expect(tokens[0]!.filter((token) => token === 9)).toHaveLength(1);
  });

  test('draws sampled tokens as plain decoding does', async () => {
    const sampling = {
      ...greedy,
      temperature: 1,
      seed: 5,
      logitBias: [
        [9, 9],
        [8, 9],
      ] as const,
    };
    const [plain, guessed] = [await start(sampling), await start(sampling)];
    const { tokens } = await plain.step(decode(1, [], 20));
    const { tokens: others, speculation } = await guessed.step(guessing(1, 20, { mostTokens: 20 }));
    expect(others).toEqual(tokens);
    expect(speculation!.accepted).toBeGreaterThan(0);
  });
});

test('a row keeps its sampling and its history from step to step', async () => {
  const { decoder } = open();
  // A token that was generated loses more than the graph gives, so that none comes twice.
  const sampling: Sampling = { ...greedy, frequencyPenalty: 2 };
  const tokens = [(await decoder.step(prefill(0, [{ ids: [1, 2], past: 0, sampling }]))).tokens[0]![0]];
  for (let i = 0; i < 20; i++) tokens.push((await decoder.step(decode(1))).tokens[0]![0]);
  expect(new Set(tokens).size).toBe(tokens.length);
});

test('one sampling for each row: neighbours do not share it', async () => {
  const { decoder } = open();
  const forced = (token: number): Sampling => ({ ...greedy, logitBias: [[token, 9]] });
  const chunks = [50, 60, 70].map((token) => ({ ids: [1, 2], past: 0, sampling: forced(token) }));
  expect((await decoder.step(prefill(0, chunks))).tokens).toEqual([[50], [60], [70]]);
  const moved = await decoder.step(decode(2, [{ from: 2, to: 0 }]));
  expect(moved.tokens).toEqual([[70], [60]]);
});

test('a prompt of one token is computed in two columns, as every other prefill', async () => {
  const { decoder, session } = open();
  const { tokens } = await decoder.step(prefill(0, [whole(5)]));
  expect(tokens).toEqual([expected([5], 1)]);
  expect(session.runs[0]?.inputs.get('input_ids')?.dims).toEqual([1, 2]);
});

test('decode steps of the same rows reuse the tensors that stay bound', async () => {
  const { decoder, session } = open({ lastOnly: true });
  await decoder.step(prefill(0, [whole(1, 2), whole(3, 4)]));
  await decoder.step(decode(2));
  await decoder.step(decode(2));
  const [second, third] = session.runs.slice(1);
  for (const [name, tensor] of third!.outputs) expect(second!.outputs.get(name), name).toBe(tensor);
});

describe('a step that breaks the protocol fails with the sentence that does not hold', () => {
  test.each<[string, Step, RegExp]>([
    ['decoding a row that was never filled', decode(2), /row 1 holds a sequence/],
    ['moving an empty row', decode(1, [{ from: 2, to: 0 }]), /row 2 holds a sequence/],
    ['a chunk after a gap', prefill(0, [{ ids: [1, 2], past: 5 }]), /begins where the cache of its row ends/],
  ])('%s', async (_, step, sentence) => {
    const { decoder } = open();
    await decoder.step(prefill(0, [whole(1, 2)]));
    await expect(decoder.step(step)).rejects.toThrow(sentence);
  });
});

test('closing closes the session', async () => {
  const { decoder, session } = open();
  await decoder.close();
  expect(session.closed).toBe(true);
});
