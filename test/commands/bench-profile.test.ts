/** `octavo bench --profile` as a person types it: where the time of a step goes. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { buildModel, buildRandomModel } from '#octavo/models/build/build.js';
import type { ProfiledStep } from '#octavo/models/profile-model.js';
import { encoderDecoderRoot } from '../support/encoder-decoder-fixtures.js';
import { temporaryFolder } from '../support/folders.js';
import { runOctavo } from '../support/octavo.js';

const root = temporaryFolder();
const few = ['--batch', '2', '--prompt', '8', '--steps', '4', '--repeat', '1', '--texts', '2', '--threads', '1'];

async function profile(model: string): Promise<readonly ProfiledStep[]> {
  const args = ['bench', '--model', model, ...few, '--profile', '--json'];
  const { code, out, err } = await runOctavo(args, { cwd: root, env: { TMPDIR: temporary } });
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return JSON.parse(out).profile;
}

const temporary = temporaryFolder();

it('tells it of a decoder, and leaves no files', async () => {
  await buildRandomModel({ shape: 'tiny-llama', seed: 1, precision: 'int8', out: join(root, 'decoder') });
  const [decode, prompt] = await profile('decoder');
  expect([decode?.step, prompt?.step]).toEqual(['decode step of 2 rows', 'prompt of 8 tokens']);
  for (const { shares } of [decode!, prompt!]) {
    const [cpu, ...others] = shares.providers;
    expect(others).toEqual([]);
    expect(cpu?.provider).toBe('cpu');
    expect(cpu?.operators.map(({ operator }) => operator)).toContain('MatMulIntegerToFloat');
    expect(cpu!.millis + shares.between).toBeCloseTo(shares.millis, 6);
  }
  expect(readdirSync(temporary).filter((name) => name.startsWith('octavo'))).toEqual([]);
  const { out } = await runOctavo(['bench', '--model', 'decoder', ...few, '--profile'], { cwd: root });
  expect(out).toMatch(
    /^decode step of 2 rows, \d+\.\d\d ms with a profile written\n {2}cpu +\d+% +\d+\.\d\d ms {3}\w+ \d+%,/m,
  );
});

it('tells it of an encoder, and of an encoder and a decoder', async () => {
  const bert = fileURLToPath(new URL('../fixtures/encoders/bert', import.meta.url));
  await buildModel({ source: bert, out: join(root, 'encoder'), precision: 'fp32' });
  const [texts] = await profile('encoder');
  expect(texts).toMatchObject({ step: '2 x 8 tokens', shares: { clock: 'host', providers: [{ provider: 'cpu' }] } });
  await buildModel({ source: join(encoderDecoderRoot, 't5'), out: join(root, 'both'), precision: 'fp32' });
  const [decode, prompt] = await profile('both');
  // A prompt is read by the encoder's graph, too, which projects the keys and values of the other.
  const operators = (step: ProfiledStep) => step.shares.providers[0]?.operators.length ?? 0;
  expect(operators(prompt!)).toBeGreaterThan(operators(decode!));
});
