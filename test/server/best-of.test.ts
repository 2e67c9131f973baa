/** `best_of`: which candidates are answered, in which order. */
import { describe, expect, test } from 'vitest';
import { findValueModel } from '#octavo/server/best-of.js';
import type { Replica } from '#octavo/server/dependencies.js';
import { fakeClassifier, fakeEmbedder, fakeEncoder } from '../support/fake-encoder.js';
import { fakeServer } from '../support/fake-server.js';

interface Answer {
  readonly choices: readonly { readonly index: number; readonly text: string; readonly finish_reason: string }[];
  readonly usage: { readonly completion_tokens: number; readonly prompt_tokens: number };
}

/** Says each text in one token, with this log-probability. */
function candidates(server: ReturnType<typeof fakeServer>, texts: readonly (readonly [string, number])[]) {
  server.generator.script = (_, index) => [texts[index]![0]];
  const submit = server.generator.submit.bind(server.generator);
  server.generator.submit = (request) => {
    const generation = submit(request);
    const [, logProbability] = texts[server.generator.requests.length - 1]!;
    return Object.assign(generation, { logProbability });
  };
}

const complete = async (server: ReturnType<typeof fakeServer>, body: object): Promise<Answer> =>
  (await server.complete(body)).json();
const texts = ({ choices }: Answer) => choices.map(({ text }) => text);

describe('by probability', () => {
  test('the likeliest by token are answered, likeliest first, numbered anew, for each prompt', async () => {
    const server = fakeServer();
    candidates(server, [
      ['a', -3],
      ['b', -1],
      ['c', -2],
      ['d', -9],
      ['e', -9],
      ['f', -4],
    ]);
    const answer = await complete(server, { prompt: ['x', 'yy'], n: 2, best_of: 3, seed: 5 });
    expect(answer.choices.map(({ index, text }) => [index, text])).toEqual([
      [0, 'b'],
      [1, 'c'],
      [2, 'f'],
      [3, 'd'],
    ]);
    // Every candidate costs; each can be asked for again by its seed.
    expect(answer.usage).toMatchObject({ prompt_tokens: 3, completion_tokens: 6 });
    expect(server.generator.requests.map(({ sampling }) => sampling.seed)).toEqual([5, 6, 7, 5, 6, 7]);
    expect(server.generator.requests.every(({ sampling }) => sampling.logProbabilities)).toBe(true);
  });

  test('what the safety filter cut short comes last, however likely it is', async () => {
    const server = fakeServer();
    candidates(server, [
      ['so FORBIDDEN ', -0.1],
      ['b', -5],
      ['c', -7],
    ]);
    const answer = await complete(server, { n: 3, best_of: 3 });
    expect(texts(answer)).toEqual(['b', 'c', 'so ']);
    expect(answer.choices[2]?.finish_reason).toBe('content_filter');
  });

  test('without best_of nothing is ranked, and nobody computes probabilities', async () => {
    const server = fakeServer();
    candidates(server, [
      ['a', -3],
      ['b', -1],
      ['c', -1],
    ]);
    expect(texts(await complete(server, { n: 2 }))).toEqual(['a', 'b']);
    expect(texts(await complete(server, { best_of: 1 }))).toEqual(['c']);
    expect(server.generator.requests.some(({ sampling }) => sampling.logProbabilities)).toBe(false);
  });

  test.each<[object, RegExp]>([
    [{ best_of: 2, n: 3 }, /'best_of' \(2\) is less than 'n' \(3\)/],
    [{ best_of: 2, stream: true }, /cannot be streamed/],
    [{ best_of: 21 }, /20/],
    [{ best_of: 0 }, /1/],
  ])('%j is refused', async (body, message) => {
    const answer = await fakeServer().complete(body);
    expect(answer.statusCode).toBe(400);
    expect(answer.json().error).toMatchObject({ param: 'best_of', message: expect.stringMatching(message) });
  });
});

describe('by a model that classifies', () => {
  const classifier = fakeEncoder(fakeClassifier);
  // The row of a text: how good its first letter is; ids begin with a special token.
  classifier.encoder.row = (ids) => [0, 0, (ids[1]! - 97) / 10];
  const models: readonly Replica[] = [fakeEncoder(fakeEmbedder).replica, classifier.replica];

  test('the best score of the label is answered first; all candidates go to it together', async () => {
    const server = fakeServer({ valueModel: findValueModel(models, 'fake-classifier=good') });
    candidates(server, [
      ['a', -1],
      ['c', -3],
      ['b', -2],
    ]);
    expect(texts(await complete(server, { n: 3, best_of: 3 }))).toEqual(['c', 'b', 'a']);
    expect(classifier.encoder.requests.at(-1)?.texts).toHaveLength(3);
    expect(server.generator.requests.some(({ sampling }) => sampling.logProbabilities)).toBe(false);
  });

  test('the least of a label is first with a minus', async () => {
    const server = fakeServer({ valueModel: findValueModel(models, 'fake-classifier=-good') });
    candidates(server, [
      ['b', 0],
      ['c', 0],
      ['a', 0],
    ]);
    expect(texts(await complete(server, { n: 2, best_of: 3 }))).toEqual(['a', 'b']);
  });

  test('a reward model has one label: its number counts, not its share', async () => {
    const reward = fakeEncoder({
      ...fakeClassifier,
      head: { task: 'classify', labels: ['reward'], scores: 'softmax' },
    });
    reward.encoder.row = (ids) => [ids[1]!];
    const server = fakeServer({ valueModel: findValueModel([reward.replica], 'fake-classifier') });
    candidates(server, [
      ['a', 0],
      ['c', 0],
      ['b', 0],
    ]);
    expect(texts(await complete(server, { best_of: 3 }))).toEqual(['c']);
  });

  test('a text that is too long for it is judged by its beginning', async () => {
    const server = fakeServer({ valueModel: findValueModel(models, 'fake-classifier') });
    candidates(server, [
      ['x'.repeat(70), 0],
      ['y', 0],
    ]);
    await complete(server, { best_of: 2 });
    expect(classifier.encoder.requests.at(-1)?.texts.map(({ length }) => length)).toEqual([20, 3]);
  });

  test('a candidate without tokens is worth least, also where the least is best, and alone asks nothing', async () => {
    const plain = { ...fakeClassifier.tokenizer, encode: async (text: string) => [...text].map(() => 98) };
    const { encoder, replica } = fakeEncoder({ ...fakeClassifier, tokenizer: plain });
    for (const setting of ['fake-classifier', 'fake-classifier=-bad']) {
      const server = fakeServer({ valueModel: findValueModel([replica], setting) });
      candidates(server, [
        ['', 0],
        ['b', 0],
      ]);
      expect(texts(await complete(server, { n: 2, best_of: 2 }))).toEqual(['b', '']);
      expect(encoder.requests.at(-1)?.texts).toEqual([[98]]);
    }
    const server = fakeServer({ valueModel: findValueModel([replica], 'fake-classifier') });
    candidates(server, [
      ['', 0],
      ['', 0],
    ]);
    expect(texts(await complete(server, { best_of: 2 }))).toEqual(['']);
    expect(encoder.requests).toHaveLength(2);
  });

  test('what it computes must be numbers, of ids that it has', async () => {
    const wide = { ...fakeClassifier.tokenizer, encode: async () => [256] };
    for (const head of [fakeClassifier.head, { ...fakeClassifier.head, labels: ['reward'] }]) {
      const broken = fakeEncoder({ ...fakeClassifier, head });
      broken.encoder.row = () => [Number.NaN, 0, 0];
      const unknown = fakeEncoder({ ...fakeClassifier, head, tokenizer: wide });
      for (const [{ replica }, status, code] of [
        [broken, 503, 'engine_failed'],
        [unknown, 400, 'invalid_value'],
      ] as const) {
        const server = fakeServer({ valueModel: findValueModel([replica], 'fake-classifier') });
        const answer = await server.complete({ best_of: 2 });
        expect([answer.statusCode, answer.json().error.code]).toEqual([status, code]);
      }
    }
  });

  test.each([
    ['nobody', /no model "nobody" that classifies/],
    ['fake-embedder', /no model "fake-embedder" that classifies/],
    ['fake-classifier=great', /no label "great"; it has "bad", "fine", "good"/],
  ])('--rank-by %s stops the start', (setting, message) => {
    expect(() => findValueModel(models, setting)).toThrow(message);
  });
});
