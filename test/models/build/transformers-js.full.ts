/** What `octavo build` writes runs in transformers.js too, with the tokens of Octavo's own engine. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildModel } from '#octavo/models/build/build.js';
import { cacheShape } from '#octavo/models/cache-shape.js';
import { buildCalibrated } from '#octavo/models/calibration/calibrated-build.js';
import { CausalModel } from '#octavo/models/decoder/causal-model.js';
import { Decoder } from '#octavo/models/decoder/decoder.js';
import { greedy } from '#octavo/models/decoder/sampling.js';
import { PlainWeigher } from '#octavo/models/decoder/weigher.js';
import { openModelFolder } from '#octavo/models/model-folder.js';
import { findOrtLibrary } from '#octavo/models/runtime/ort-library.js';
import { openOrtRuntime } from '#octavo/models/runtime/ort-session.js';
import { cpu } from '#octavo/models/runtime/runtime.js';
import { familyFixtures } from '../../support/family-fixtures.js';
import { temporaryFolder } from '../../support/folders.js';

interface Model {
  readonly folder: string;
  readonly prompts: readonly (readonly number[])[];
  /** Tokens to generate after each prompt. */
  readonly count: number;
}

const count = 16;
const root = temporaryFolder();
const runtime = openOrtRuntime(findOrtLibrary());
const embedded = fileURLToPath(new URL('../../../models/concierge', import.meta.url));
const golden = JSON.parse(readFileSync(join(embedded, 'golden.json'), 'utf8')) as {
  readonly cases: readonly { readonly prompt_ids: readonly number[] }[];
};
const models = new Map<string, Model>([
  ['concierge int8', { folder: embedded, prompts: golden.cases.slice(0, 4).map((one) => one.prompt_ids), count }],
]);
const cases = familyFixtures.flatMap(({ name, ...rest }) =>
  (['fp32', 'fp16', 'int8', 'int8-weight-fp16', 'int4-weight-fp16'] as const).map((precision) => ({
    name: `${name} ${precision}`,
    precision,
    ...rest,
  })),
);
/** A cache in int8, whose element transformers.js reads in config.json. */
const rounded = familyFixtures
  .filter(({ name }) => name === 'llama' || name === 'gpt2')
  .map(({ name, ...rest }) => ({ name: `${name} int8, cache in int8`, ...rest }));
const theirs = new Map<string, readonly (readonly number[])[]>();

beforeAll(async () => {
  for (const { name, precision, folder: source, reference } of cases) {
    const out = join(root, name.replace(' ', '-'));
    const { shape } = await buildModel({ source, out, precision });
    const prompts = reference.prompts.map(({ ids }) => ids).filter(({ length }) => length + count <= shape.context);
    models.set(name, { folder: out, prompts, count });
  }
  for (const { name, folder: source, reference } of rounded) {
    const out = join(root, name.replaceAll(/\W+/g, '-'));
    const build = { source, out, precision: 'int8' } as const;
    const { kvCache, shape } = await buildCalibrated({ build, texts: { cache: null }, threads: 2 }, () => {});
    expect(kvCache).toBe('int8');
    const prompts = reference.prompts.map(({ ids }) => ids).filter(({ length }) => length + count <= shape.context);
    models.set(name, { folder: out, prompts, count });
  }
  const answers = await askTransformers([...models.values()]);
  [...models.keys()].forEach((name, index) => {
    theirs.set(name, answers[index] ?? []);
  });
});

describe('transformers.js and Octavo give the same tokens for', () => {
  it.each(['concierge int8', ...[...cases, ...rounded].map(({ name }) => name)])('%s', async (name) => {
    const model = models.get(name)!;
    expect(model.prompts.length).toBeGreaterThan(0);
    expect(theirs.get(name)).toEqual(await decode(model));
  });
});

/** One process for all models. `.ci/run` installs it: `npm ci --ignore-scripts --prefix test/transformers-js`. */
async function askTransformers(asked: readonly Model[]): Promise<number[][][]> {
  const script = fileURLToPath(new URL('../../transformers-js/generate.js', import.meta.url));
  const running = promisify(execFile)(process.execPath, [script], { maxBuffer: 1 << 24 });
  running.child.stdin?.end(JSON.stringify(asked));
  return JSON.parse((await running).stdout) as number[][][];
}

async function decode({ folder, prompts }: Model): Promise<number[][]> {
  const { graph, manifest } = await openModelFolder(folder);
  const session = await runtime.open(graph, { device: cpu, threads: 2 });
  const shape = cacheShape(manifest);
  const decoder = new Decoder(
    new CausalModel(session, { ...shape, rows: 1, capacity: shape.context }),
    new PlainWeigher(),
  );
  const all: number[][] = [];
  for (const ids of prompts) {
    const tokens: (number | undefined)[] = [];
    const prefill = { kind: 'prefill', firstRow: 0, chunks: [{ ids, past: 0, sampling: greedy }] } as const;
    tokens.push((await decoder.step({ moves: [], work: prefill })).tokens[0]?.[0]);
    while (tokens.length < count) {
      tokens.push((await decoder.step({ moves: [], work: { kind: 'decode', rows: 1, rounds: 1 } })).tokens[0]?.[0]);
    }
    all.push(tokens.map(Number));
  }
  await decoder.close();
  return all;
}
