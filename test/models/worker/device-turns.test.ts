/** Turns of the threads of a process on a device that two cannot use at once. */
import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { newTurnCell, takeTurn } from '#octavo/models/worker/device-turns.js';

const module = new URL('../../../dist/models/worker/device-turns.js', import.meta.url).href;

/** Adds one to `counter` many times, reading and writing apart: what another thread adds between is lost. */
const adding = `
import { workerData } from 'node:worker_threads';
const { takeTurn } = await import(workerData.module);
for (let i = 0; i < 20_000; i++) {
  await takeTurn(workerData.cell, ['webgpu'], async () => {
    const before = workerData.counter[0];
    await null;
    workerData.counter[0] = before + 1;
  });
}`;

it('no two threads have it at once', async () => {
  const counter = new Int32Array(new SharedArrayBuffer(4));
  const cell = newTurnCell();
  const code = new URL(`data:text/javascript,${encodeURIComponent(adding)}`);
  const threads = [0, 1, 2].map(() => new Worker(code, { workerData: { module, cell, counter } }));
  await Promise.all(threads.map((thread) => new Promise((resolve) => thread.on('exit', resolve))));
  expect(counter[0]).toBe(60_000);
});

it('is given back after a failure, and not needed on other devices', async () => {
  const cell = newTurnCell();
  await expect(takeTurn(cell, ['cpu', 'webgpu'], () => Promise.reject(new Error('failed')))).rejects.toThrow('failed');
  await takeTurn(cell, ['cpu', 'webgpu'], async () => {
    expect(await takeTurn(cell, ['cpu'], async () => 'at once')).toBe('at once');
  });
  expect(cell[0]).toBe(0);
});
