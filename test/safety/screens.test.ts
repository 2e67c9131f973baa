/** Several screens on one text: what leaves waits for the slowest, and a screen that fails lets nothing through. */
import { describe, expect, test } from 'vitest';
import { createSafety, type FilterSettings, screenWhole } from '#octavo/safety/filter.js';
import { isPromise, type MaybePromise } from '#octavo/safety/maybe-promise.js';
import { compileRule } from '#octavo/safety/rule.js';
import { RuleScreen } from '#octavo/safety/rule-screen.js';
import type { Released, StreamGuard } from '#octavo/safety/safety.js';
import type { Screen } from '#octavo/safety/screen.js';
import { scriptedScreen } from './scripted-screen.js';

const origin = { direction: 'output', tenant: '', request: 'test' } as const;

const termScreen = new RuleScreen([
  compileRule({
    id: 'name',
    category: 'names',
    action: 'redact',
    replacement: '[name]',
    direction: 'both',
    terms: ['ann'],
  }),
]);

const open = (screens: readonly Screen[], settings: Partial<FilterSettings> = {}) =>
  createSafety(screens, settings).guard(origin);

/** What leaves with each piece and at the end; `!` stands for the block. */
async function released(guard: StreamGuard, pieces: readonly string[]): Promise<string[]> {
  const all: Released[] = [];
  for (const piece of pieces) all.push(await guard.push(piece));
  all.push(await guard.end());
  return all.map(({ text, blocked }) => (blocked ? `${text}!` : text));
}

const later = <T>(value: T): Promise<T> => Promise.resolve(value);

describe('several screens', () => {
  test('text leaves when every screen has settled it', async () => {
    const screens = [termScreen, scriptedScreen({ window: 8, answer: later })];
    expect(await released(open(screens), ['I am Ann', ' and wel', 'l.'])).toEqual([
      'I am ',
      '[name] and wel',
      '',
      'l.',
    ]);
  });

  test('a window that is blocked leaves nothing of itself, nor of what follows', async () => {
    const guard = open([termScreen, scriptedScreen({ answer: later })]);
    expect(await released(guard, ['hello Ann, what a ', 'BAD thing', ' to say'])).toEqual([
      'hello [name], what ',
      '!',
      '!',
      '!',
    ]);
  });

  test('rules alone answer at once, without a promise', () => {
    const guard = open([termScreen]);
    expect(isPromise(guard.push('hello '))).toBe(false);
    expect(isPromise(guard.end())).toBe(false);
  });

  test('findings name the screen and its score; what is allowed is no finding, but its score is known', async () => {
    const scored = scriptedScreen({ name: 'judge', score: 0.7, action: 'annotate', category: 'hate' });
    const low = scriptedScreen({ name: 'low', score: 0.1, action: 'allow', category: 'violence' });
    const guard = open([scored, low]);
    const { findings, text } = await screenWhole(guard, 'so BAD!');
    expect(text).toBe('so BAD!');
    expect(findings).toEqual([{ screen: 'judge', rule: 'hate', category: 'hate', action: 'annotate', score: 0.7 }]);
    expect(guard.verdicts).toEqual(
      new Map([
        ['hate', { score: 0.7, action: 'annotate' }],
        ['violence', { score: 0.1, action: 'allow' }],
      ]),
    );
  });

  test('the policy decides, not the screen', async () => {
    const policy = () => () => 'redact' as const;
    expect(await released(open([scriptedScreen({ answer: later })], { policy }), ['see the BAD thing'])).toEqual([
      ...['see the [x]', 'g'],
    ]);
  });

  test('findings are told with the text that they cover', async () => {
    const told: unknown[] = [];
    const onFinding = () => (finding: { rule: string }, covered: string, length: number) => {
      told.push([finding.rule, covered, length]);
    };
    await screenWhole(open([termScreen], { onFinding }), 'Dear Ann, dear anna');
    expect(told).toEqual([['name', 'Ann', 3]]);
  });
});

describe('a screen that fails', () => {
  const broken = (call: number) =>
    scriptedScreen({
      answer: (progress, at) => {
        if (at >= call) throw new Error('lost');
        return progress;
      },
    });

  test('blocks all that it has not judged, and is told once', async () => {
    const failures: unknown[] = [];
    const guard = open([broken(1)], { onError: (screen, error) => failures.push([screen, (error as Error).message]) });
    expect(await released(guard, ['12345678ab', 'cd'])).toEqual(['12345678', '!', '!']);
    expect(failures).toEqual([['scripted', 'lost']]);
  });

  test('blocks when its promise is rejected, and when it cannot be opened', async () => {
    const rejects = scriptedScreen({ answer: () => Promise.reject(new Error('lost')) });
    expect(await released(open([rejects]), ['hello'])).toEqual(['!', '!']);
    const closed: Screen = {
      ...rejects,
      open: () => {
        throw new Error('closed');
      },
    };
    const { blocked, findings } = await screenWhole(open([closed]), 'hello');
    expect(blocked).toBe(true);
    expect(findings).toMatchObject([{ screen: 'scripted', category: 'screen-failure', action: 'block' }]);
  });

  test('blocks when it does not answer in time', async () => {
    const silent = scriptedScreen({ answer: () => new Promise(() => {}) });
    expect(await released(open([silent], { timeLimitMs: 5 }), ['12345678'])).toEqual(['!', '!']);
  });

  test('lets what the other screens allow pass where the operator wants that, as a finding', async () => {
    const settings = { onFailure: 'pass' } as const;
    const guard = open([termScreen, broken(0)], settings);
    const { text, blocked, findings } = await screenWhole(guard, 'hello Ann');
    expect({ text, blocked }).toEqual({ text: 'hello [name]', blocked: false });
    expect(findings.map(({ rule, action }) => [rule, action])).toEqual([
      ['scripted', 'annotate'],
      ['name', 'redact'],
    ]);
  });

  test('is no failure when nobody waits for the text any more', async () => {
    const failures: string[] = [];
    const gone = AbortSignal.abort(new Error('left'));
    const rejects = scriptedScreen({ answer: () => Promise.reject(gone.reason) });
    const safety = createSafety([rejects], { onError: (screen) => failures.push(screen) });
    const released = await safety.guard({ ...origin, signal: gone }).push('12345678');
    expect(released).toMatchObject({ text: '', findings: [] });
    expect(failures).toEqual([]);
  });
});

test('what is told of categories does not depend on the pieces: nothing behind a block counts', async () => {
  const allowed = scriptedScreen({ name: 'allowed', word: 'ODD', category: 'odd', score: 0.6, action: 'allow' });
  const noted = scriptedScreen({ name: 'noted', word: 'DIM', category: 'dim', score: 0.7, action: 'annotate' });
  const screens = [allowed, noted, scriptedScreen({ word: 'BAD' })];
  const text = 'ODD one BAD one.DIM one.ODD DIM ';
  const verdicts = async (pieces: readonly string[]) => {
    const guard = open(screens);
    await released(guard, pieces);
    return [...guard.verdicts].toSorted();
  };
  const told = [
    ['odd', { score: 0.6, action: 'allow' }],
    ['test', { score: 1, action: 'block' }],
  ];
  for (const pieces of [[text], text.split(''), [text.slice(0, 20), text.slice(20)]]) {
    expect(await verdicts(pieces)).toEqual(told);
  }
});

test('rules that are replaced count for the next text, not for those that are being written', async () => {
  const screen = new RuleScreen([
    compileRule({ id: 'old', category: 'c', action: 'block', direction: 'both', terms: ['old'] }),
  ]);
  const safety = createSafety([screen]);
  const running = safety.guard(origin);
  screen.replace([compileRule({ id: 'new', category: 'd', action: 'block', direction: 'both', terms: ['new'] })]);
  expect(await released(running, ['a new and old one'])).toEqual(['a new and !', '!']);
  expect(await released(safety.guard(origin), ['an old and new one'])).toEqual(['an old and !', '!']);
  expect(screen.categories).toEqual(['d']);
  expect(await screen.score(['new', 'old'])).toEqual([new Map([['d', 1]]), new Map()]);
});

describe('a long text', () => {
  const long = `${'Ann 😀 is here. '.repeat(6000)}An Ann`;

  /** Turns of the event loop that others have had meanwhile. */
  async function turnsDuring(work: MaybePromise<unknown>): Promise<number> {
    let turns = 0;
    let isOver = false;
    const turn = () => {
      turns++;
      if (!isOver) setImmediate(turn);
    };
    setImmediate(turn);
    await work;
    isOver = true;
    return turns;
  }

  test('is judged and screened slice by slice, and others have their turn between two', async () => {
    const slices = Math.floor(long.length / 16_384);
    expect(slices).toBeGreaterThanOrEqual(5);
    expect(await turnsDuring(termScreen.score([long]))).toBeGreaterThanOrEqual(slices);
    expect(await turnsDuring(screenWhole(open([termScreen]), long))).toBeGreaterThanOrEqual(slices);
  });

  test('gives what it gives at once', async () => {
    const guard = open([termScreen]);
    const [most, rest] = [await guard.push(long), await guard.end()];
    expect(await screenWhole(open([termScreen]), long)).toEqual({
      ...{ text: most.text + rest.text, blocked: false, findings: [...most.findings, ...rest.findings] },
    });
    expect(await termScreen.score([`${'x '.repeat(20_000)}ann`, 'x'])).toEqual([new Map([['names', 1]]), new Map()]);
  });

  test('is given up when nobody waits for it any more', async () => {
    const gone = AbortSignal.abort(new Error('left'));
    await expect(termScreen.score([long], gone)).rejects.toThrow('left');
  });
});
