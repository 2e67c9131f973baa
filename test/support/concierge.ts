/** The embedded model in tests: its golden continuations, and builds of its weights before quantising. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildModel } from '#octavo/models/build/build.js';
import { buildCalibrated } from '#octavo/models/calibration/calibrated-build.js';

export const embeddedModel = fileURLToPath(new URL('../../models/concierge', import.meta.url));
/** Its checkpoint, in half precision. */
export const conciergeWeights = fileURLToPath(new URL('../fixtures/concierge-f16', import.meta.url));

export interface GoldenCase {
  readonly messages: readonly { readonly role: string; readonly content: string }[];
  readonly tools?: readonly unknown[];
  readonly prompt_ids: readonly number[];
  readonly greedy_ids: readonly number[];
  readonly text: string;
}

export const golden: readonly GoldenCase[] = JSON.parse(
  readFileSync(path.join(conciergeWeights, 'golden.json'), 'utf8'),
).cases;

/** Builds the embedded model with its KV cache in int8. */
export async function buildWithInt8Cache(out: string): Promise<string> {
  const build = { source: conciergeWeights, out, precision: 'int8' } as const;
  await buildCalibrated({ build, texts: { cache: null }, threads: 2 }, () => {});
  return out;
}

/** An FP32 build of the embedded model's weights in a folder of its own. */
export async function buildFp32(): Promise<{ folder: string; remove: () => void }> {
  const parent = mkdtempSync(path.join(tmpdir(), 'octavo-fp32-'));
  const folder = path.join(parent, 'concierge');
  await buildModel({ source: conciergeWeights, out: folder, precision: 'fp32' });
  return { folder, remove: () => rmSync(parent, { recursive: true }) };
}
