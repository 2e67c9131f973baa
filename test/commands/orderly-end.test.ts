/** The rules of an orderly end: which signals are one, and what ends a process at once. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { onEndingSignals } from '#octavo/commands/ending-signals.js';

describe('signals', () => {
  it('within half a second of the first are the first; later ones are others', () => {
    let now = 1000;
    const heard: string[] = [];
    const listeners = { first: () => heard.push(`first at ${now}`), again: () => heard.push(`again at ${now}`) };
    const stop = onEndingSignals(['SIGUSR2', 'SIGWINCH'], listeners, () => now);
    onTestFinished(stop);
    for (const [name, at] of [
      ['SIGUSR2', 1000],
      ['SIGUSR2', 1000],
      ['SIGWINCH', 1499],
      ['SIGUSR2', 1500],
      ['SIGWINCH', 9000],
    ] as const) {
      now = at;
      process.emit(name, name);
    }
    stop();
    process.emit('SIGUSR2', 'SIGUSR2');
    expect(heard).toEqual(['first at 1000', 'again at 1500', 'again at 9000']);
  });
});

/** A process whose end takes as long as `close`. */
function start(close: string, graceMs: number) {
  const module = new URL('../../dist/commands/orderly-end.js', import.meta.url).href;
  const script = `import { endInOrder } from '${module}';
    const told = (signal) => console.log(signal);
    endInOrder({ close: () => ${close}, graceMs: ${graceMs}, told });
    process.on('SIGUSR2', () => Promise.reject('rejected on purpose'));
    setInterval(() => {}, 1000);
    console.log('runs');`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script]);
  const output = { out: '', err: '' };
  child.stdout.on('data', (text) => {
    output.out += text;
  });
  child.stderr.on('data', (text) => {
    output.err += text;
  });
  const ended = once(child, 'close').then(([code]) => ({ code, ...output }));
  const saw = async (word: string) => {
    while (!output.out.includes(word)) await once(child.stdout, 'data');
  };
  return { child, ended, saw };
}

const never = 'new Promise(() => {})';
const long = 600_000;

describe('a process', () => {
  it('that is told again ends at once', async () => {
    const { child, ended, saw } = start(never, long);
    await saw('runs');
    child.kill('SIGTERM');
    await saw('SIGTERM');
    while (child.exitCode === null) {
      child.kill('SIGINT');
      await sleep(50);
    }
    expect(await ended).toEqual({ code: 1, out: 'runs\nSIGTERM\n', err: 'octavo: told again (SIGINT): ends now\n' });
  });

  it('that does not end in its time is ended', async () => {
    const { child, ended, saw } = start(never, 10);
    await saw('runs');
    child.kill('SIGTERM');
    const err = 'octavo: not all has ended within 0.01 s: what is left is cut\n';
    expect(await ended).toEqual({ code: 1, out: 'runs\nSIGTERM\n', err });
  });

  it('that breaks while it ends is ended, and says why', async () => {
    const { child, ended, saw } = start(never, long);
    await saw('runs');
    child.kill('SIGTERM');
    await saw('SIGTERM');
    child.kill('SIGUSR2');
    expect(await ended).toMatchObject({ code: 1, err: 'octavo: rejected on purpose\n' });
  });

  it.each([
    ['is over', 'Promise.resolve()', 'SIGTERM', { code: 0, err: '' }],
    ['is over', 'Promise.resolve()', 'SIGINT', { code: 0, err: '' }],
    ['is over', 'Promise.resolve()', 'SIGHUP', { code: 0, err: '' }],
    ['is over', 'Promise.resolve()', 'SIGQUIT', { code: 0, err: '' }],
    [
      'fails',
      "Promise.reject(new Error('cannot close'))",
      'SIGTERM',
      { code: 1, err: /^octavo: Error: cannot close\n/ },
    ],
    ['is over after a rejection', 'Promise.resolve()', 'SIGUSR2', { code: 1, err: 'rejected on purpose\n' }],
  ] as const)('whose end %s (%s, %s)', async (_, close, signal, { code, err }) => {
    const { child, ended, saw } = start(close, long);
    await saw('runs');
    child.kill(signal);
    expect(await ended).toMatchObject({ code, err: typeof err === 'string' ? err : expect.stringMatching(err) });
  });
});
