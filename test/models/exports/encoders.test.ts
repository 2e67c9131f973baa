/** Encoders that Optimum exported: the vectors and labels that transformers computes, the same alone and in company. */
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildModel } from '#octavo/models/build/build.js';
import { loadModel } from '#octavo/models/load-model.js';
import { encoderFixtures } from '../../support/encoder-fixtures.js';
import { copyExport, exportFolder } from '../../support/export-fixtures.js';
import { temporaryFolder } from '../../support/folders.js';

const options = { name: null, rows: 8, context: 4096, runtime: 'auto', device: 'auto', threads: 1 } as const;
const parent = temporaryFolder();

async function open(folder: string) {
  const loaded = await loadModel({ ...options, folder });
  if (loaded.kind !== 'encoder') throw new Error('it is an encoder');
  return loaded;
}

describe.each([
  ['bert', { task: 'embed', dimensions: 32 }, 40],
  ['bert-classify', { task: 'classify', labels: ['good', 'bad', 'other'], scores: 'softmax' }, 48],
] as const)('%s', (name, head, context) => {
  const { texts } = encoderFixtures.find((fixture) => fixture.name === name)!;

  it('gives what transformers computes, the same bits alone and among others', async () => {
    const { model, engine, close } = await open(exportFolder(`${name}-optimum`));
    expect(model).toMatchObject({ head, contextLength: context, remarks: [], precision: 'fp32', receipt: null });
    const length = Math.max(...texts.map(({ ids }) => ids.length));
    const { values } = await engine.step({ texts: texts.map(({ ids }) => ids), length });
    for (const [index, { ids, embedding, logits }] of texts.entries()) {
      const row = [...values.subarray(index * engine.width, (index + 1) * engine.width)];
      const expected = (embedding ?? logits)!;
      expect(Math.max(...expected.map((value, i) => Math.abs(value - row[i]!)))).toBeLessThan(1e-5);
      expect([...(await engine.step({ texts: [ids], length })).values]).toEqual(row);
    }
    await close();
  });
});

describe('the vector of a text', () => {
  const text = [7, 8, 9, 10, 11];

  async function vectorOf(folder: string): Promise<number[]> {
    const { engine, close } = await open(folder);
    const { values } = await engine.step({ texts: [text], length: 12 });
    await close();
    return [...values];
  }

  it('is the mean as it is where nothing says how to make it', async () => {
    const folder = copyExport('bert-optimum', parent);
    rmSync(join(folder, 'modules.json'));
    const [mean, listed] = [await vectorOf(folder), await vectorOf(exportFolder('bert-optimum'))];
    const norm = Math.hypot(...mean);
    expect(Math.abs(norm - 1)).toBeGreaterThan(0.01);
    expect(Math.max(...listed.map((value, i) => Math.abs(value - mean[i]! / norm)))).toBeLessThan(1e-6);
  });

  it.each(['bert', 'bert-classify'])('or its labels are taken from a graph that makes them: %s', async (name) => {
    const { folder: source } = encoderFixtures.find((fixture) => fixture.name === name)!;
    const [built, found] = [join(parent, `${name}-built`), join(parent, `${name}-found`)];
    await buildModel({ source, out: built, precision: 'int8' });
    cpSync(built, found, { recursive: true });
    rmSync(join(found, 'manifest.json'));
    expect(await vectorOf(found)).toEqual(await vectorOf(built));
  });
});
