/** A model whose cache grows by being written anew: its memory goes back, and is taken again. */
import { expect, test } from 'vitest';
import { Decoder } from '#octavo/models/decoder/decoder.js';
import { GrowingModel } from '#octavo/models/decoder/growing-model.js';
import { PlainWeigher } from '#octavo/models/decoder/weigher.js';
import { openFolder } from '#octavo/models/open-folder.js';
import { openRuntime } from '#octavo/models/runtime/open-runtime.js';
import { cpu, type Session, type Tensor, type TensorMap } from '#octavo/models/runtime/runtime.js';
import { exportFolder, exportPrompts } from '../../support/export-fixtures.js';
import { generateAlone } from '../../support/steps.js';

test('gives the memory of every row back, and computes the same afterwards', async () => {
  const { graph, plan } = await openFolder(exportFolder('llama-optimum'));
  if (plan.kind !== 'decoder' || plan.ports === undefined) throw new Error('it is a decoder by others');
  const { runtime } = await openRuntime('auto');
  const session = await runtime.open(graph, { device: cpu, threads: 1 });
  const { cache } = plan.ports;
  const bound = new Set<Tensor>();
  const watched: Session = Object.assign(Object.create(session), {
    run: async (inputs: TensorMap, outputs: TensorMap) => {
      for (const name of cache.past) bound.add(inputs.get(name) as Tensor);
      for (const name of cache.present) bound.add(outputs.get(name) as Tensor);
      await session.run(inputs, outputs);
    },
  });
  const model = new GrowingModel(watched, { ...plan.shape, rows: 2, capacity: 64 }, plan.ports);
  const decoder = new Decoder(model, new PlainWeigher());
  const { ids, greedy: tokens } = exportPrompts('llama-optimum')[0]!;
  const held = () => [...bound].reduce((sum, { data }) => sum + data.byteLength, 0);

  expect(await generateAlone(decoder, ids, tokens.length)).toEqual(tokens);
  expect(held()).toBeGreaterThan(0);
  await decoder.rest();
  expect(held()).toBe(0);
  expect(await generateAlone(decoder, ids, tokens.length)).toEqual(tokens);
  await session.close();
});
