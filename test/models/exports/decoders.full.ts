/** A GPT-2 that someone else exported, from the shared test data: the tokens of a plain loop over ONNX Runtime. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { greedy } from '#octavo/models/decoder/sampling.js';
import { loadDecoder } from '#octavo/models/load-model.js';
import { keepCompany } from '../../support/company.js';
import { Random } from '../../support/random.js';
import { generateAlone } from '../../support/steps.js';

const folder = fileURLToPath(new URL('../../../../shared/models/tiny-random-gpt2-fp32', import.meta.url));
const loop = fileURLToPath(new URL('../../support/combined-past.mjs', import.meta.url));
const options = { name: null, rows: 4, context: 512, runtime: 'auto', device: 'auto', threads: 2 } as const;

it('tiny-random-gpt2-fp32', async () => {
  const random = new Random(3);
  const prompts = [1, 2, 7, 40, 200].map((length) => Array.from({ length }, () => random.below(1000)));
  const count = 32;
  const facts = { graph: join(folder, 'past.onnx'), layers: 5, heads: 4, headDim: 8, prompts, count };
  const expected: number[][] = JSON.parse(
    execFileSync(process.execPath, [loop, JSON.stringify(facts)], { encoding: 'utf8' }),
  );
  const { model, engine, close } = await loadDecoder({ ...options, folder });
  expect(model).toMatchObject({ id: 'tiny-random-gpt2-fp32', contextLength: 512, endTokens: [98] });
  expect(model.remarks).toEqual([expect.stringContaining('keys and values of a layer are one tensor')]);
  for (const [index, prompt] of prompts.entries()) {
    expect(await generateAlone(engine, prompt, count)).toEqual(expected[index]);
  }
  const requests = prompts.map((prompt) => ({
    ...{ prompt, maxTokens: count, sampling: greedy, tenant: '', stopStrings: [] },
  }));
  const scheduler = { chunkTokens: 64, prefillTokens: 256, maxWaste: 0.5, grouping: 'length', messageMs: 4 } as const;
  const { together } = await keepCompany({ engine, scheduler, requests, stranger: (i) => requests[i % 5]!, random });
  expect(together).toEqual(expected.map((tokens) => `${tokens.join(' ')} `));
  await close();
});
