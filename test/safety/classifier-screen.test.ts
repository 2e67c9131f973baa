/** A classifier as a screen: what it blocks never leaves, however the text comes, and its failure lets nothing through. */
import { describe, expect, test } from 'vitest';
import {
  ClassifierScreen,
  type ClassifierSettings,
  type Classify,
  type ClassifyContext,
} from '#octavo/safety/classifier-screen.js';
import { createSafety, type FilterSettings, screenWhole } from '#octavo/safety/filter.js';
import type { Decide } from '#octavo/safety/guard.js';
import { Random } from '../support/random.js';

const origin = { direction: 'output', tenant: '', request: 'test' } as const;

/** Finds planted words; `read`: the texts of each request. */
function scorer(): { classify: Classify; read: string[][] } {
  const read: string[][] = [];
  const classify: Classify = async (texts) => {
    read.push([...texts]);
    return texts.map(
      (text) =>
        new Map([
          ['hate', /BAD/.test(text) ? 0.9 : 0.1],
          ['violence', text.includes('HIT') ? 0.6 : 0],
        ]),
    );
  };
  return { classify, read };
}

const thresholds = new Map([
  ['hate', 0.8],
  ['violence', 0.8],
]);
const windows = { shortest: 10, longest: 30, overlap: 12 };

function screenOf(settings: Partial<ClassifierSettings> = {}): ClassifierScreen {
  return new ClassifierScreen({
    name: 'moderator',
    classify: scorer().classify,
    thresholds,
    action: 'block',
    windows,
    ...settings,
  });
}

const guardOf = (screen: ClassifierScreen, settings: Partial<FilterSettings> = {}) =>
  createSafety([screen], settings).guard(origin);

/** All that leaves; `!` stands for the block. */
async function released(screen: ClassifierScreen, pieces: readonly string[]): Promise<string> {
  const guard = guardOf(screen);
  let text = '';
  for (const piece of pieces) {
    const { text: some, blocked } = await guard.push(piece);
    text += some;
    if (blocked) return `${text}!`;
  }
  const { text: rest, blocked } = await guard.end();
  return text + rest + (blocked ? '!' : '');
}

describe('a classifier as a screen', () => {
  test('a text that it likes leaves whole', async () => {
    expect(await released(screenOf(), ['One sentence is here. ', 'And another one.'])).toBe(
      'One sentence is here. And another one.',
    );
  });

  test('nothing of a window that it blocks leaves, the words that it shares with the one before included', async () => {
    const text = 'A first sentence here. Then a BAD one follows. And a last.';
    expect(await released(screenOf(), [text])).toBe('A first sentence !');
  });

  test('what leaves does not depend on the pieces', async () => {
    const random = new Random(3);
    const words = ['go ', 'there. ', 'x', '\n', 'well ', 'BAD '];
    for (let round = 0; round < 200; round++) {
      const clean = round % 2 === 0;
      const pieces = Array.from({ length: 40 }, () => words[random.below(clean ? 5 : 6)]!);
      const text = pieces.join('');
      const whole = await released(screenOf(), [text]);
      expect(await released(screenOf(), pieces)).toBe(whole);
      expect(await released(screenOf(), text.split(''))).toBe(whole);
      expect(whole).not.toContain('BAD');
      if (clean) expect(whole).toBe(text);
    }
  });

  test('a text is held for a sentence and the overlap at most, and what is held is asked about once', async () => {
    const { classify, read } = scorer();
    const guard = guardOf(screenOf({ classify }));
    let left = 0;
    const text = 'word '.repeat(60);
    for (const [at, character] of text.split('').entries()) {
      left += (await guard.push(character)).text.length;
      expect(at + 1 - left).toBeLessThanOrEqual(windows.longest + windows.overlap);
    }
    await guard.end();
    expect(read.flat().join('').length).toBeLessThan(text.length * 2);
  });

  test('below its own threshold the policy decides by one of its own', async () => {
    const policy =
      (): Decide =>
      ({ category, score }) =>
        category === 'violence' && score >= 0.5 ? 'block' : 'allow';
    const guard = guardOf(screenOf({ action: 'annotate' }), { policy });
    const { blocked, findings } = await screenWhole(guard, 'They HIT it.');
    expect(blocked).toBe(true);
    expect(findings).toMatchObject([{ screen: 'moderator', category: 'violence', score: 0.6, action: 'block' }]);
    expect(guard.verdicts.get('hate')).toEqual({ score: 0.1, action: 'allow' });
  });

  test('switched off it reads nothing that is written, and still scores what it is asked', async () => {
    const { classify, read } = scorer();
    const screen = screenOf({ classify, action: 'off' });
    expect(await released(screen, ['All of this BAD text.'])).toBe('All of this BAD text.');
    expect(read).toEqual([]);
    expect((await screen.score(['a BAD text']))[0]?.get('hate')).toBe(0.9);
  });

  test('texts are scored by their worst window, all windows in one request', async () => {
    const { classify, read } = scorer();
    const long = `${'A clean sentence. '.repeat(10)}One BAD sentence. ${'A clean sentence. '.repeat(10)}`;
    const scores = await screenOf({ classify }).score(['clean', long, '', 'HIT']);
    expect(scores.map((one) => one.get('hate'))).toEqual([0.1, 0.9, undefined, 0.1]);
    expect(scores[3]?.get('violence')).toBe(0.6);
    expect(read).toHaveLength(1);
  });

  test('a very long text is asked about in requests of bounded size', async () => {
    const { classify, read } = scorer();
    await released(screenOf({ classify }), ['A sentence of a book. '.repeat(500)]);
    expect(Math.max(...read.map(({ length }) => length))).toBe(64);
  });

  test('it reads what a reader sees: invisible characters gone, full width as plain letters', async () => {
    const { classify, read } = scorer();
    await screenOf({ classify }).score(['B\u200bA\u{e0041}D ＢＡＤ']);
    expect(read).toEqual([['BAD BAD']]);
  });

  test('when it fails in the middle of a text, what it has not judged is blocked', async () => {
    let calls = 0;
    const classify: Classify = async (texts) => {
      if (++calls > 1) throw new Error('the worker is gone');
      return texts.map(() => new Map());
    };
    const failures: string[] = [];
    const guard = guardOf(screenOf({ classify }), { onError: (screen) => failures.push(screen) });
    const first = await guard.push('A first sentence here. ');
    const second = await guard.push('A second sentence here. ');
    expect(first.text + second.text).toBe('A first sentence ');
    expect(second).toMatchObject({ blocked: true, findings: [{ category: 'screen-failure', action: 'block' }] });
    expect(failures).toEqual(['moderator']);
  });

  test('one that takes too long is asked no further, whether a text is screened or judged', async () => {
    const stops: (() => void)[] = [];
    let calls = 0;
    const classify: Classify = (texts, { signal }) =>
      new Promise((resolve) => {
        calls++;
        // A classifier that minds no signal, and answers when all is over.
        signal?.addEventListener('abort', () => stops.push(() => resolve(texts.map(() => new Map()))));
      });
    const safety = createSafety([screenOf({ classify })], { timeLimitMs: 5 });
    const long = 'A sentence of a book. '.repeat(500);
    for (const { signal } of [{}, new AbortController()] as readonly { signal?: AbortSignal }[]) {
      expect((await screenWhole(safety.guard({ ...origin, signal }), long)).blocked).toBe(true);
      await expect(safety.judge([long], signal)).rejects.toMatchObject({ code: 'screen_failed' });
    }
    expect([calls, stops.length]).toEqual([4, 4]);
    for (const stop of stops) stop();
    await new Promise(setImmediate);
    expect(calls).toBe(4);
  });

  test('the signal of who waits reaches the classifier, and whose text it is', async () => {
    const contexts: ClassifyContext[] = [];
    const screen = screenOf({
      classify: async (texts, context) => {
        contexts.push(context);
        return texts.map(() => new Map());
      },
    });
    const gone = new AbortController();
    const { signal } = gone;
    await createSafety([screen])
      .guard({ ...origin, signal })
      .end();
    const guard = createSafety([screen]).guard({ ...origin, signal });
    await screenWhole(guard, 'text');
    await screen.score(['text']);
    expect(contexts.map(({ direction }) => direction)).toEqual(['output', 'prompt']);
    expect(contexts[0]?.signal?.aborted).toBe(false);
    gone.abort(new Error('left'));
    expect(contexts[0]?.signal?.reason).toBe(signal.reason);
  });
});
