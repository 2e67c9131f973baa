/** `content_filter_results`: what the safety filter thought of prompt and output, in Azure's shape, when asked. */
import { describe, expect, test } from 'vitest';
import { createSafety } from '#octavo/safety/filter.js';
import { scriptedScreen } from '../safety/scripted-screen.js';
import { fakeServer, readEvents } from '../support/fake-server.js';

const safety = createSafety([
  scriptedScreen({ name: 'one', word: 'ODD', category: 'hate/threatening', score: 0.6, action: 'annotate' }),
  scriptedScreen({ name: 'two', word: 'RUDE', category: 'harassment', score: 0.3, action: 'allow' }),
  scriptedScreen({ name: 'three', word: 'BAD', category: 'self-harm', score: 0.9, action: 'block' }),
]);
const safe = { filtered: false, severity: 'safe' };
const nothing = { hate: safe, self_harm: safe };

const ask = { content_filter_results: true };

describe('content_filter_results', () => {
  test('are told for each prompt and each choice, the safe categories too', async () => {
    const server = fakeServer({ safety });
    server.generator.script = (_, index) => (index === 0 ? ['a RUDE and ', 'ODD word'] : ['so BAD']);
    const answer = (await server.complete({ ...ask, prompt: ['Hi', 'RUDE'] })).json();
    expect(answer.prompt_filter_results).toEqual([
      { prompt_index: 0, content_filter_results: nothing },
      { prompt_index: 1, content_filter_results: { ...nothing, hate: { filtered: false, severity: 'low' } } },
    ]);
    expect(answer.choices).toMatchObject([
      { finish_reason: 'stop', content_filter_results: { ...nothing, hate: { filtered: false, severity: 'medium' } } },
      {
        finish_reason: 'content_filter',
        content_filter_results: { ...nothing, self_harm: { filtered: true, severity: 'high' } },
      },
    ]);
  });

  test.each(['complete', 'chat'] as const)('%s: in a stream with the first chunk and with the last', async (method) => {
    const server = fakeServer({ safety });
    server.generator.script = () => ['a few ', 'words and ', 'a BAD one'];
    const events = readEvents((await server[method]({ ...ask, stream: true })).body).slice(0, -1);
    expect(events.map((event) => 'prompt_filter_results' in event)).toEqual(events.map((_, at) => at === 0));
    expect(events[0].prompt_filter_results).toEqual([{ prompt_index: 0, content_filter_results: nothing }]);
    const told = events.map(({ choices }) => choices[0].content_filter_results ?? null);
    expect(told.slice(0, -1).every((results) => results === null)).toBe(true);
    expect(told.at(-1)).toEqual({ ...nothing, self_harm: { filtered: true, severity: 'high' } });
    expect(events.every(({ choices }) => choices.length === 1)).toBe(true);
  });

  test('are part of the error of a blocked prompt', async () => {
    const server = fakeServer({ safety });
    const refused = await server.chat({ ...ask, messages: [{ role: 'user', content: 'BAD' }] });
    expect(refused.statusCode).toBe(400);
    expect(refused.json().error).toMatchObject({
      code: 'content_filter',
      param: 'messages[0].content',
      innererror: {
        code: 'ResponsibleAIPolicyViolation',
        content_filter_result: { ...nothing, self_harm: { filtered: true, severity: 'high' } },
      },
    });
  });

  test('are not told unasked; the operator may ask for all, and a caller decline', async () => {
    const silent = fakeServer({ safety });
    expect((await silent.chat({})).body).not.toContain('filter_results');
    const refused = await silent.chat({ messages: [{ role: 'user', content: 'BAD' }] });
    expect(refused.json().error).not.toHaveProperty('innererror');
    const telling = fakeServer({ safety, contentFilterResults: true });
    expect((await telling.chat({})).json().choices[0].content_filter_results).toEqual(nothing);
    expect((await telling.chat({ content_filter_results: false })).body).not.toContain('filter_results');
  });
});
