/** `async` mode: text flows ahead of a slow screen, by a stated bound and no further, and is cut when its verdict comes. */
import { describe, expect, test } from 'vitest';
import { createSafety } from '#octavo/safety/filter.js';
import { compileRule } from '#octavo/safety/rule.js';
import { RuleScreen } from '#octavo/safety/rule-screen.js';
import type { StreamGuard } from '#octavo/safety/safety.js';
import type { Direction, Progress, Screen } from '#octavo/safety/screen.js';
import { scriptedScreen } from './scripted-screen.js';

/** Answers when the test says so. */
function slow(script: Parameters<typeof scriptedScreen>[0] = {}) {
  const waiting: (() => void)[] = [];
  const answer = (progress: Progress) => new Promise<Progress>((resolve) => waiting.push(() => resolve(progress)));
  const settle = async () => {
    for (const wake of waiting.splice(0)) wake();
    // The verdict passes through a few promises on its way.
    for (let turn = 0; turn < 8; turn++) await Promise.resolve();
  };
  return { screen: scriptedScreen({ ...script, answer }), settle };
}

const rules = new RuleScreen([
  compileRule({ id: 'ann', category: 'c', action: 'redact', direction: 'both', terms: ['ann'] }),
]);

const open = (screens: readonly Screen[], ahead: number, direction: Direction = 'output') =>
  createSafety(screens, { ahead }).guard({ direction, tenant: '', request: 'r' });

async function push(guard: StreamGuard, text: string): Promise<string> {
  const released = await guard.push(text);
  return released.blocked ? `${released.text}!` : released.text;
}

describe('async mode', () => {
  test('text flows while its verdict is pending, and rules still hold exactly', async () => {
    const { screen } = slow();
    const guard = open([rules, screen], 100);
    expect(await push(guard, 'I am an')).toBe('I am ');
    expect(await push(guard, 'n, and you?')).toBe('[redacted], and you?');
  });

  test('never further ahead than the bound', async () => {
    const { screen, settle } = slow();
    const guard = open([screen], 10);
    expect(await push(guard, 'abcdefgh')).toBe('abcdefgh');
    expect(await push(guard, 'ijklmnopqrst')).toBe('ij');
    expect(await push(guard, 'uvwxyz')).toBe('');
    await settle();
    expect(await push(guard, '')).toBe('klmnopqr');
  });

  test('the stream is cut when the verdict comes, though the text has left', async () => {
    const { screen, settle } = slow({ category: 'hate' });
    const guard = open([screen], 100);
    expect(await push(guard, 'a BAD thing')).toBe('a BAD thing');
    await settle();
    const cut = await guard.push(' to say');
    expect(cut).toMatchObject({ text: '', blocked: true, findings: [{ category: 'hate', action: 'block' }] });
    expect(await push(guard, 'more')).toBe('!');
  });

  test('a redaction that comes too late cuts the stream', async () => {
    const { screen, settle } = slow({ action: 'redact' });
    const guard = open([screen], 100);
    await guard.push('a BAD thing');
    await settle();
    expect(await guard.push(' to say')).toMatchObject({ text: '', blocked: true });
  });

  test('the end waits for every verdict', async () => {
    const { screen, settle } = slow();
    const guard = open([screen], 100);
    await guard.push('12345678 BAD');
    let ended: unknown = null;
    const end = Promise.resolve(guard.end()).then((released) => {
      ended = released;
    });
    await settle();
    expect(ended).toBe(null);
    await settle();
    await end;
    expect(ended).toMatchObject({ text: '', blocked: true });
  });

  test.each(['prompt', 'tool-arguments'] as const)('%s is judged before it leaves', async (direction) => {
    const { screen, settle } = slow();
    const guard = open([screen], 100, direction);
    const pushed = push(guard, 'a BAD thing');
    await settle();
    expect(await pushed).toBe('!');
  });
});
