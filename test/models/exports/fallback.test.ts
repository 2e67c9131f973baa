/** Exports on onnxruntime-node, where the C API cannot be had: the same tokens and vectors. */
import { expect, it } from 'vitest';
import { loadModel } from '#octavo/models/load-model.js';
import { encoderFixtures } from '../../support/encoder-fixtures.js';
import { exportFolder, exportPrompts } from '../../support/export-fixtures.js';
import { generateAlone } from '../../support/steps.js';

const options = { name: null, rows: 2, context: 64, device: 'auto', threads: 1 } as const;
const open = (name: Parameters<typeof exportFolder>[0]) =>
  loadModel({ ...options, runtime: 'onnxruntime-node', folder: exportFolder(name) });

it.each(['llama-genai', 'llama-optimum', 'gpt2-combined'] as const)('%s', async (name) => {
  const loaded = await open(name);
  if (loaded.kind !== 'decoder') throw new Error('it is a decoder');
  expect(loaded.model.runtime.runtime).toBe('onnxruntime-node');
  for (const { ids, greedy } of exportPrompts(name)) {
    expect(await generateAlone(loaded.engine, ids, greedy.length)).toEqual(greedy);
  }
  await loaded.close();
});

it('bert-optimum', async () => {
  const loaded = await open('bert-optimum');
  if (loaded.kind !== 'encoder') throw new Error('it is an encoder');
  const [{ ids, embedding }] = encoderFixtures.find(({ name }) => name === 'bert')!.texts as [
    { readonly ids: readonly number[]; readonly embedding: readonly number[] },
  ];
  const { values } = await loaded.engine.step({ texts: [ids], length: ids.length + 3 });
  expect(Math.max(...embedding.map((value, i) => Math.abs(value - values[i]!)))).toBeLessThan(1e-5);
  await loaded.close();
});
