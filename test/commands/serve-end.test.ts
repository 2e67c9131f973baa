/** How `octavo serve` ends: in order when it is told to, with what runs answered whole, and as the system says at a fault. */
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { openAnswer } from '../support/open-answer.js';
import { type ServerProcess, startServer, startServerWith } from '../support/server-process.js';

const choices = 6;
const whole = { finishes: Array(choices).fill('length'), done: true };
const told = (signal: string) =>
  `octavo: told to stop (${signal}); waiting for 1 request, 25 s at most; once more ends it now\n`;

const exitOf = async ({ process }: ServerProcess) => {
  const [code, signal] = await once(process, 'close');
  return { code, signal };
};

describe('octavo serve', () => {
  it.each([
    ['SIGHUP', 1],
    // The terminal sends it to every process in front of it, and npm hands on what it got.
    ['SIGINT', 2],
  ] as const)('answers what runs at %s (%i times at once), and ends with 0', async (signal, times) => {
    const server = await startServer('--rows', '1');
    const exit = exitOf(server);
    const answer = await openAnswer(server.url, choices);
    for (let time = 0; time < times; time++) server.process.kill(signal);
    expect(await answer.finish()).toEqual(whole);
    expect(await exit).toEqual({ code: 0, signal: null });
    expect(server.output().split(told(signal))).toHaveLength(2);
  });

  it('says a broken invariant, answers what runs, and ends with 1', async () => {
    const break_ = "process.once('SIGUSR2', () => { throw new Error('broken on purpose'); });";
    const server = await startServerWith(['--import', `data:text/javascript,${break_}`], ['--rows', '1']);
    const exit = exitOf(server);
    const answer = await openAnswer(server.url, choices);
    server.process.kill('SIGUSR2');
    expect(await answer.finish()).toEqual(whole);
    expect(await exit).toEqual({ code: 1, signal: null });
    expect(server.output()).toMatch(/^Error: broken on purpose\n +at /m);
  });

  it.each(['SIGSEGV', 'SIGABRT'] as const)('is ended by %s', async (signal) => {
    const server = await startServer('--rows', '1', '--moderator', 'off');
    const exit = exitOf(server);
    server.process.kill(signal);
    expect(await exit).toEqual({ code: null, signal });
  });
});
