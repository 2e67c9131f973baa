/** Nothing of a blocked span leaves: hits planted at every place, cut at every place, in each of several choices. */
import { describe, expect, test } from 'vitest';
import { createSafety } from '#octavo/safety/filter.js';
import type { Screen } from '#octavo/safety/screen.js';
import { scriptedScreen } from '../safety/scripted-screen.js';
import { type FakeServer, fakeServer, readEvents } from '../support/fake-server.js';

const filler = 'abcdefghijklmnopqrstuvwx';
/** A letter that stands nowhere else: a text that has it, has leaked. */
const planted = (at: number) => `${filler.slice(0, at)}ZZZ${filler.slice(at)}`;
const window = 8;

const pieces = (text: string, size: number): string[] =>
  Array.from({ length: Math.ceil(text.length / size) }, (_, index) => text.slice(index * size, (index + 1) * size));

interface Choice {
  readonly text: string;
  readonly finish: string;
}

async function read(server: FakeServer, body: { readonly n: number; readonly stream: boolean }): Promise<Choice[]> {
  const answer = await server.complete(body);
  if (!body.stream) {
    const { choices } = answer.json() as { choices: { text: string; finish_reason: string }[] };
    return choices.map(({ text, finish_reason: finish }) => ({ text, finish }));
  }
  const whole = Array.from({ length: body.n }, () => ({ text: '', finish: '' }));
  for (const { choices } of readEvents(answer.body).slice(0, -1)) {
    const [{ index, text, finish_reason: finish }] = choices;
    whole[index] = { text: (whole[index]?.text ?? '') + text, finish: finish ?? whole[index]?.finish ?? '' };
  }
  return whole;
}

/** The window that the first planted letter is in, and all that follows it, stays; what was judged before it leaves. */
const expected = (at: number): Choice => ({
  text: planted(at).slice(0, at - (at % window)),
  finish: 'content_filter',
});

const screens: readonly (readonly [name: string, Screen])[] = [
  ['a screen that answers at once', scriptedScreen({ word: 'Z', window })],
  [
    'a screen that answers later',
    scriptedScreen({ word: 'Z', window, answer: (progress) => Promise.resolve(progress) }),
  ],
];

describe.each(screens)('%s', (_, screen) => {
  test.each([false, true])('stream %s: no character of a blocked span, at any place, by any cut', async (stream) => {
    const server = fakeServer({ safety: createSafety([screen]) });
    let places: readonly number[] = [];
    let size = 1;
    server.generator.script = (_, index) => pieces(planted(places[index % places.length]!), size);
    for (let at = 0; at <= filler.length; at++) {
      for (size = 1; size <= 5; size++) {
        places = [at, (at * 7) % filler.length, (at * 11 + 5) % filler.length];
        const choices = await read(server, { n: 3, stream });
        const told = `at ${places}, pieces of ${size}`;
        expect(choices, told).toEqual(places.map(expected));
        expect(JSON.stringify(choices), told).not.toContain('Z');
      }
    }
  });
});

test('a choice that is blocked does not hold up or cut the others', async () => {
  const server = fakeServer({ safety: createSafety([scriptedScreen({ word: 'Z', window })]) });
  server.generator.script = (_, index) => (index === 1 ? [planted(10)] : [filler]);
  expect(await read(server, { n: 3, stream: true })).toEqual([
    { text: filler, finish: 'stop' },
    expected(10),
    { text: filler, finish: 'stop' },
  ]);
});

describe('a screen that is lost in mid-stream', () => {
  const lost = scriptedScreen({
    window,
    answer: (progress) => (progress.settledTo <= 16 ? progress : Promise.reject(new Error('the worker is gone'))),
  });

  test.each([false, true])(
    'stream %s: nothing that it has not judged leaves, and the next request works',
    async (stream) => {
      const failures: string[] = [];
      const server = fakeServer({ safety: createSafety([lost], { onError: (name) => failures.push(name) }) });
      server.generator.script = () => pieces(filler, 8);
      const choices = await read(server, { n: 2, stream });
      expect(choices).toEqual(Array(2).fill({ text: filler.slice(0, 16), finish: 'content_filter' }));
      expect(failures).toEqual(['scripted', 'scripted']);
      server.generator.script = () => ['short'];
      expect((await read(server, { n: 1, stream }))[0]).toEqual({ text: 'short', finish: 'stop' });
    },
  );

  test('a prompt that could not be judged is 503, to be tried again', async () => {
    const never = scriptedScreen({ answer: () => new Promise(() => {}) });
    const server = fakeServer({ safety: createSafety([never], { timeLimitMs: 5 }) });
    const answer = await server.chat({});
    expect(answer.statusCode).toBe(503);
    expect(answer.json().error).toMatchObject({ code: 'screen_failed', param: 'messages[0].content' });
    expect(answer.headers['x-should-retry']).toBeUndefined();
    expect(server.generator.requests).toEqual([]);
  });
});

test('no error message carries what the model wrote', async () => {
  const server = fakeServer({ safety: createSafety([scriptedScreen({ word: 'Z', window: 1000 })]) });
  server.generator.script = null;
  const answer = server.complete({ stream: true });
  const [generation] = await server.generator.submitted(1);
  generation?.say('a secret of the model');
  generation?.fail(new Error('engine lost while it wrote: a secret of the model'));
  const events = readEvents((await answer).body);
  expect(events.at(-1)).toMatchObject({ error: { code: 'internal_error' } });
  expect(JSON.stringify(events)).not.toContain('secret');
});
