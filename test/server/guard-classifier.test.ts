/** A generative guard as a classifier: prompts for the batcher, replies as scores, and no verdict where a reply is none. */
import { describe, expect, test } from 'vitest';
import type { GenerationRequest } from '#octavo/batcher/generation.js';
import type { ChatTemplate } from '#octavo/models/served-model.js';
import { JinjaChatTemplate } from '#octavo/models/tokenizer/chat-template.js';
import { ClassifierScreen } from '#octavo/safety/classifier-screen.js';
import { createSafety } from '#octavo/safety/filter.js';
import type { GuardFormat } from '#octavo/safety/guards/guard-format.js';
import { llamaGuard3 } from '#octavo/safety/guards/llama-guard.js';
import { shieldGemma } from '#octavo/safety/guards/shield-gemma.js';
import { readLabelMap } from '#octavo/safety/label-map.js';
import { classifyByGuard, guardWindows } from '#octavo/server/guard-classifier.js';
import { findFrame, framedSample } from '#octavo/server/guard-prompt.js';
import { FakeGenerator } from '../support/fake-generator.js';
import { fakeModel } from '../support/fake-model.js';
import { fakeServer } from '../support/fake-server.js';
import { Random } from '../support/random.js';
import { guardTemplate } from '../support/tiny-guard.js';

/** A token is a character: the text of a prompt. */
const textOf = ({ prompt }: GenerationRequest) => String.fromCharCode(...prompt);
const origin = { direction: 'output', tenant: '', request: 'test' } as const;

/** A guard that replies by what it is asked; it finds hate in "BAD" when nothing else is said. */
function guard(settings: { format?: GuardFormat; context?: number; reply?: (prompt: string) => string } = {}) {
  const { format = llamaGuard3, context = 1000 } = settings;
  const reply = settings.reply ?? ((prompt: string) => (prompt.includes('BAD') ? 'unsafe\nS10' : 'safe'));
  const generator = new FakeGenerator();
  generator.script = (request) => ['\n\n', reply(textOf(request))];
  const model = { ...fakeModel, contextLength: context, endTokens: [7] };
  const setup = {
    replica: { kind: 'decoder', model, generator },
    format,
    frame: findFrame(model.chatTemplate),
  } as const;
  const { labels } = format;
  const map = readLabelMap(null, { id: 'guard', labels: Object.keys(labels), meanings: labels });
  const classify = classifyByGuard(setup, map);
  const screenOf = async () =>
    new ClassifierScreen({
      ...{ name: 'guard', classify, thresholds: map.thresholds, action: 'block' },
      windows: await guardWindows(setup),
    });
  return { generator, setup, classify, screenOf };
}

describe('a guard as a classifier', () => {
  test('is asked greedily about each text in its frame, all at once, and its replies become categories', async () => {
    const { generator, classify } = guard();
    const [clean, bad] = await classify(['well', 'BAD'], { direction: 'prompt' });
    expect([...clean!]).toEqual([]);
    expect([...bad!]).toEqual([['hate', 1]]);
    expect(generator.requests.map(textOf)).toEqual(['<user>well', '<user>BAD']);
    expect(generator.requests[0]).toMatchObject({
      maxTokens: 64,
      draftTokens: 0,
      sampling: { temperature: 0, stopTokens: [7] },
    });
  });

  test('an output is a turn of the assistant', async () => {
    const { generator, classify } = guard();
    await classify(['well'], { direction: 'output' });
    expect(generator.requests.map(textOf)).toEqual(['<user><assistant>well']);
  });

  test('scores by probability where the format does', async () => {
    const { generator, classify } = guard({ format: shieldGemma, context: 3000 });
    generator.script = (request, index) => {
      generator.generations[index]!.logProbability = Math.log(0.75);
      return [textOf(request).includes('No Hate Speech') ? 'Yes' : 'No'];
    };
    generator.finish = 'length';
    const [scores] = await classify(['well'], { direction: 'prompt' });
    expect(scores?.get('hate')).toBeCloseTo(0.75);
    expect(scores?.get('sexual')).toBeCloseTo(0.25);
    expect(generator.requests).toHaveLength(4);
    expect(generator.requests[0]).toMatchObject({ maxTokens: 1, sampling: { logProbabilities: true } });
  });

  test('a text that is too long for it is judged in parts, and none goes unread', async () => {
    const { generator, classify } = guard({ context: 100 });
    const [scores] = await classify([`${'a'.repeat(70)}BAD${'b'.repeat(30)}`], { direction: 'prompt' });
    expect(scores?.get('hate')).toBe(1);
    const asked = generator.requests.map((request) => textOf(request).slice('<user>'.length));
    expect(asked.join('')).toBe(`${'a'.repeat(70)}BAD${'b'.repeat(30)}`);
    expect(Math.max(...generator.requests.map(({ prompt }) => prompt.length))).toBeLessThanOrEqual(100 - 64);
  });

  test.each(['', 'I think so', 'unsafe', 'unsafe\nS99'])(
    'a reply like %j is a failure, and stops the others',
    async (reply) => {
      const { generator, classify } = guard();
      generator.script = (_, index) => (index === 0 ? [reply] : []);
      await expect(classify(['one', 'two'], { direction: 'prompt' })).rejects.toThrow('not of the format');
    },
  );

  test('what the queue refuses is a failure, and leaves nothing running', async () => {
    const { generator, classify } = guard();
    generator.script = null;
    generator.failure = { at: 2, error: new Error('queue_full') };
    await expect(classify(['one', 'two', 'three'], { direction: 'prompt' })).rejects.toThrow('queue_full');
    expect(generator.running).toBe(0);
  });

  test('when nobody waits any more, it is not asked on', async () => {
    const { generator, classify } = guard();
    generator.script = null;
    const patience = new AbortController();
    const judged = classify(['one'], { direction: 'prompt', signal: patience.signal });
    await generator.submitted(1);
    patience.abort(new Error('gone'));
    await expect(judged).rejects.toThrow('gone');
    expect(generator.running).toBe(0);
  });
});

describe('a guard as a screen', () => {
  test('reads each window after all that was there before, as far as it has room', async () => {
    const { generator, screenOf } = guard({ context: 1000 });
    const sentence = 'A sentence of some length, which says nothing. ';
    await (await screenOf()).score([sentence.repeat(60)]);
    const asked = generator.requests.map((request) => textOf(request).slice('<user>'.length));
    expect(asked[1]?.startsWith(asked[0]!)).toBe(true);
    expect(asked[5]?.startsWith(asked[0]!)).toBe(true);
    expect(Math.max(...generator.requests.map(({ prompt }) => prompt.length))).toBeLessThanOrEqual(1000 - 64);
    expect(asked.at(-1)!.length).toBeGreaterThan(200);
  });

  test('decides the same for a text in pieces as for the whole', async () => {
    const { screenOf } = guard();
    const screen = await screenOf();
    const random = new Random(11);
    const words = ['Some words of a sentence ', 'that goes on. ', 'And on! ', '\n', 'BAD ', '好的。'];
    const released = async (pieces: readonly string[]) => {
      const stream = createSafety([screen]).guard(origin);
      let text = '';
      for (const piece of pieces) text += (await stream.push(piece)).text;
      const { text: rest, blocked } = await stream.end();
      return { text: text + rest, blocked };
    };
    for (let round = 0; round < 40; round++) {
      const pieces = Array.from({ length: 60 }, () => words[random.below(round % 2 ? 6 : 4)]!);
      const text = pieces.join('');
      const whole = await released([text]);
      expect(await released(pieces)).toEqual(whole);
      const [scores] = await screen.score([text]);
      expect(scores?.has('hate') ?? false).toBe(whole.blocked);
      expect(whole.blocked).toBe(text.includes('BAD'));
      expect(whole.text).not.toContain('BAD');
    }
  });

  test('blocks a chat over HTTP by what it replies, and blocks all of it when it replies nonsense', async () => {
    const failed: string[] = [];
    const chatWith = async (reply: string) => {
      const safety = createSafety([await guard({ reply: () => reply }).screenOf()], {
        onError: (name) => failed.push(name),
      });
      return fakeServer({ safety }).chat({});
    };
    expect((await chatWith('unsafe\nS10')).json().error).toMatchObject({ code: 'content_filter' });
    expect(failed).toEqual([]);
    expect((await chatWith('whatever')).json().error).toMatchObject({ code: 'screen_failed' });
    expect(failed).toEqual(['guard']);
    expect((await chatWith('safe')).statusCode).toBe(200);
  });

  test('a policy that leaves no room for a text stops the start', async () => {
    await expect(guard({ context: 120 }).screenOf()).rejects.toThrow('policy and reply take 81');
  });
});

describe('the frame of a guard', () => {
  test('is a message as text, or in parts, whichever the template shows', () => {
    expect(framedSample(findFrame(fakeModel.chatTemplate))).toBe('<user>Which text is it about?');
    const parts = findFrame(new JinjaChatTemplate(guardTemplate, {}));
    expect(parts?.([{ role: 'user', text: 'one' }])).toContain('user one\n<END CONVERSATION>:');
    expect(
      parts?.([
        { role: 'user', text: '' },
        { role: 'assistant', text: 'two' },
      ]),
    ).toContain('assistant two\n');
  });

  test.each([
    ['no template', null],
    ['a template that shows no message', { render: () => 'always the same' }],
    [
      'a template that refuses all',
      {
        render: () => {
          throw new Error('no');
        },
      },
    ],
  ] as [string, ChatTemplate | null][])('is none for %s', (_, template) => {
    expect(findFrame(template)).toBeNull();
    expect(framedSample(null)).toBeNull();
  });
});
