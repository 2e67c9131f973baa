/** The handler of a model's worker thread when loading fails: told to whoever asks, and tried again when it is asked to. */
import path from 'node:path';
import { expect, test } from 'vitest';
import { newTurnCell } from '#octavo/models/worker/device-turns.js';
import { type CreateRunner, serveSteps } from '#octavo/models/worker/serve-steps.js';
import { exportFolder } from '../../support/export-fixtures.js';

test('a model that was not loaded is loaded again by the next hello, not before', async () => {
  const graph = path.join(exportFolder('bert-optimum'), 'onnx/model.onnx');
  let loads = 0;
  const createRunner: CreateRunner<number, number> = async ({ open }) => {
    const session = await open(graph);
    loads++;
    if (loads === 1) throw new Error('the first load fails');
    return { step: async (step) => step + 1, close: () => session.close() };
  };
  const handle = serveSteps(
    { graph, runtime: 'auto', device: 'cpu', precision: 'fp32', threads: 1, turns: newTurnCell() },
    createRunner,
  );

  expect(await handle({ kind: 'hello' })).toMatchObject({ kind: 'error', message: 'the first load fails' });
  expect(await handle({ kind: 'rest' })).toMatchObject({ kind: 'error', code: 'engine_failed' });
  expect(loads).toBe(1);
  const hello = await handle({ kind: 'hello' });
  expect(hello).toMatchObject({ kind: 'hello', info: { threads: 1 } });
  expect(loads).toBe(2);
  const incarnation = hello.kind === 'hello' ? hello.incarnation : '';
  expect(await handle({ kind: 'step', incarnation, step: 1 })).toEqual({ kind: 'result', result: 2 });
  expect(await handle({ kind: 'close' })).toEqual({ kind: 'closed' });
});
