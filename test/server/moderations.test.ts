/** `POST /v1/moderations`: OpenAI's shape over the screens of the safety filter. */
import { describe, expect, test } from 'vitest';
import { createSafety, unfiltered } from '#octavo/safety/filter.js';
import { compileRule } from '#octavo/safety/rule.js';
import { RuleScreen } from '#octavo/safety/rule-screen.js';
import type { Screen } from '#octavo/safety/screen.js';
import { fakeServer, listen } from '../support/fake-server.js';

const categories = [
  ...['harassment', 'harassment/threatening', 'hate', 'hate/threatening', 'illicit', 'illicit/violent', 'self-harm'],
  ...['self-harm/intent', 'self-harm/instructions', 'sexual', 'sexual/minors', 'violence', 'violence/graphic'],
];

const term = (id: string, category: string, words: string[], direction: 'prompt' | 'output' | 'both' = 'both') =>
  compileRule({ id, category, action: 'annotate', direction, terms: words });
const rules = new RuleScreen([
  term('one', 'hate', ['vermin'], 'output'),
  term('two', 'self-harm/intent', ['end it all'], 'prompt'),
  term('three', 'secret', ['hunter2']),
]);

/** Scores by the length of the text; told how many texts came together. */
function classifier(batches: number[], thresholds?: ReadonlyMap<string, number>): Screen {
  return {
    name: 'classifier',
    categories: ['hate', 'violence'],
    ...(thresholds && { thresholds }),
    open: () => {
      throw new Error('nothing is streamed here');
    },
    score: async (texts) => {
      batches.push(texts.length);
      return texts.map(
        (text) =>
          new Map([
            ['violence', text.length / 100],
            ['hate', 0.2],
          ]),
      );
    },
  };
}

function start(screens: readonly Screen[] = [rules]) {
  const server = fakeServer({ safety: createSafety(screens) });
  return { ...server, moderate: (body: object) => server.post('/v1/moderations', body) };
}

const every = <T>(value: T) => Object.fromEntries(categories.map((name) => [name, value]));

describe('by rules alone', () => {
  test('has every category, true where a rule of it matches, whatever its direction', async () => {
    const answer = (await start().moderate({ input: 'You vermin' })).json();
    expect(answer).toEqual({
      id: expect.stringMatching(/^modr-[0-9a-f]{32}$/),
      model: 'octavo-moderation',
      results: [
        {
          flagged: true,
          categories: { ...every(false), hate: true },
          category_scores: { ...every(0), hate: 1 },
          category_applied_input_types: { ...every([]), hate: ['text'], 'self-harm/intent': ['text'] },
          octavo: { other: {} },
        },
      ],
      octavo: {
        sources: { ...every([]), hate: ['rules'], 'self-harm/intent': ['rules'] },
        thresholds: every(null),
      },
    });
  });

  test('one result for a text, one for each of several, one for the parts of one', async () => {
    const { moderate } = start();
    const flags = async (input: unknown) =>
      (await moderate({ input })).json().results.map(({ flagged }: { flagged: boolean }) => flagged);
    expect(await flags('hello')).toEqual([false]);
    expect(await flags(['hello', 'end it all', 'vermin!'])).toEqual([false, true, true]);
    const part = (text: string) => ({ type: 'text', text });
    expect(await flags([part('hello'), part('I want to end'), part('it all')])).toEqual([true]);
    expect(await flags([''])).toEqual([false]);
  });

  test('categories that are not OpenAI’s stand apart, and flag nothing', async () => {
    const [result] = (await start().moderate({ input: 'the password is hunter2' })).json().results;
    expect(result).toMatchObject({ flagged: false, octavo: { other: { secret: 1 } } });
    expect(Object.keys(result.categories)).toEqual(categories);
  });
});

describe('with a classifier', () => {
  test('all texts go to it together; the highest score counts', async () => {
    const batches: number[] = [];
    const { moderate } = start([rules, classifier(batches)]);
    const input = ['x'.repeat(70), 'vermin'];
    const { results, octavo } = (await moderate({ input })).json();
    expect(batches).toEqual([2]);
    expect(results[0].category_scores).toEqual({ ...every(0), violence: 0.7, hate: 0.2 });
    expect(results[1].category_scores).toEqual({ ...every(0), violence: 0.06, hate: 1 });
    expect(results.map(({ categories }: { categories: object }) => categories)).toEqual([
      { ...every(false), violence: true },
      { ...every(false), hate: true },
    ]);
    expect(octavo.sources).toMatchObject({ hate: ['rules', 'classifier'], violence: ['classifier'], sexual: [] });
  });

  test('its own thresholds decide, and the answer tells them', async () => {
    const { moderate } = start([rules, classifier([], new Map([['violence', 0.05]]))]);
    const { results, octavo } = (await moderate({ input: ['violent', 'mild'] })).json();
    expect(results.map(({ categories }: { categories: object }) => categories)).toMatchObject([
      { violence: true },
      { violence: false },
    ]);
    expect(octavo.thresholds).toEqual({ ...every(null), violence: 0.05 });
  });

  test('that fails: no judgement, rather than half of one', async () => {
    const lost = { ...classifier([]), score: () => Promise.reject(new Error('lost')) };
    const answer = await start([rules, lost]).moderate({ input: 'hello' });
    expect(answer.statusCode).toBe(503);
    expect(answer.json().error).toMatchObject({ code: 'screen_failed', param: 'input' });
    expect(answer.json().error.message).not.toContain('lost');
  });
});

describe('requests', () => {
  test.each<[object, string]>([
    [{}, 'input'],
    [{ input: 7 }, 'input'],
    [{ input: [] }, 'input'],
    [{ input: ['a', 7] }, 'input'],
    [{ input: [{ type: 'image_url', image_url: { url: 'x' } }] }, 'input'],
    [{ input: 'a', threshold: 1 }, 'threshold'],
  ])('%j is refused', async (body, param) => {
    const answer = await start().moderate(body);
    expect(answer.statusCode).toBe(400);
    expect(answer.json().error.param).toContain(param);
  });

  test('more characters than one moderation takes are refused, in one text or in several', async () => {
    const { moderate } = start();
    const half = 'x'.repeat(250_000);
    expect((await moderate({ input: [half, half] })).statusCode).toBe(200);
    for (const input of [`${half}${half}!`, [half, half, '!']]) {
      const answer = await moderate({ input });
      expect(answer.statusCode).toBe(400);
      const message = "'input' has 500001 characters; one moderation takes 500000 in all.";
      expect(answer.json().error).toMatchObject({ code: 'invalid_value', param: 'input', message });
    }
  });

  test('names of OpenAI’s models are accepted, others are not there', async () => {
    const { moderate } = start();
    for (const model of ['omni-moderation-latest', 'text-moderation-stable', 'octavo-moderation']) {
      expect((await moderate({ input: 'a', model })).statusCode, model).toBe(200);
    }
    const other = await moderate({ input: 'a', model: 'concierge' });
    expect(other.statusCode).toBe(404);
    expect(other.json().error).toMatchObject({ code: 'model_not_found', param: 'model' });
  });

  test('a server that screens nothing says so, instead of finding everything harmless', async () => {
    const answer = await fakeServer({ safety: unfiltered }).post('/v1/moderations', { input: 'hello' });
    expect(answer.statusCode).toBe(404);
    expect(answer.json().error.message).toMatch(/screens nothing/);
  });

  test('OpenAI’s client reads the answer', async () => {
    const { client } = await listen(start());
    const answer = await client.moderations.create({ input: ['hello', 'You vermin'], model: 'omni-moderation-latest' });
    expect(answer.results.map(({ flagged }) => flagged)).toEqual([false, true]);
    expect(answer.results[1]?.category_scores.hate).toBe(1);
    expect(answer.results[1]?.category_applied_input_types.hate).toEqual(['text']);
  });
});
