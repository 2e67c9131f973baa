/** Where ranges can be moved, in every family of decoders, and that moving them leaves the FP32 model as it was. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildModel } from '#octavo/models/build/build.js';
import { familyOf } from '#octavo/models/build/families/families.js';
import type { Factors } from '#octavo/models/build/graph/factors.js';
import { drawGraphFiles } from '#octavo/models/build/graph-files.js';
import { openCheckpointSource } from '#octavo/models/build/source/checkpoint-source.js';
import { moveRange } from '#octavo/models/calibration/calibrate.js';
import { type MigrationSite, migrationSites } from '#octavo/models/calibration/sites.js';
import { evenRanges } from '../../support/cache-ranges.js';
import { familyFixtures } from '../../support/family-fixtures.js';
import { temporaryFolder } from '../../support/folders.js';
import { OnnxDecoder } from '../../support/onnx-decoder.js';

const root = temporaryFolder();

async function sitesOf(source: string): Promise<readonly MigrationSite[]> {
  const { config, modules, weights } = await openCheckpointSource(source);
  const plan = familyOf(config).plan(config, modules);
  const { model } = drawGraphFiles(plan, { weights, precision: 'int8', weightLimit: 127 });
  await weights.close();
  return migrationSites(model.graph);
}

const gated = ['self_attn/qkv_proj', 'self_attn/o_proj', 'mlp/gate_up_proj', 'mlp/down_proj'];
/** Layers of the first block whose range can be moved; the others of a family are not made by something linear. */
const movable: Readonly<Record<string, readonly string[]>> = {
  'gpt-neox': ['attention/qkv', 'attention/output', 'mlp/up'],
  'gpt-neox-sequential': ['attention/qkv', 'attention/output', 'mlp/up'],
  gpt2: ['attention/qkv', 'attention/output', 'mlp/up'],
  'gpt2-untied-scaled': ['attention/qkv', 'attention/output', 'mlp/up'],
  opt: ['attention/qkv', 'attention/output', 'mlp/up', 'mlp/down'],
  'opt-plain-gelu': ['attention/qkv', 'attention/output', 'mlp/up'],
};

describe.each(familyFixtures.map((fixture) => [fixture.name, fixture] as const))(
  '%s',
  (name, { folder, reference }) => {
    it('has its sites', async () => {
      const sites = await sitesOf(folder);
      const first = sites.map(({ layer }) => layer.name).filter((layer) => layer.startsWith('layers.0/'));
      expect(first).toEqual((movable[name] ?? gated).map((layer) => `layers.0/${layer}`));
      expect(sites.at(-1)?.layer.name).toBe('lm_head');
    });

    it('computes the same bits in FP32, whatever is moved, and with a rounded cache', async () => {
      const [factors, caches] = [new Map<string, Factors>(), new Map<string, Float32Array>()];
      const sites = await sitesOf(folder);
      sites.forEach((site, index) => {
        const exponents = new Int32Array(site.rows);
        for (const row of site.rowOf) exponents[row] = (row * 7 + index) % 5;
        moveRange({ factors, caches }, site, exponents);
      });
      const [plain, moved] = [join(root, name), join(root, `${name}-moved`)];
      const calibration = { factors, caches, moved: ['all'] };
      const rows = reference.prompts.map(({ ids }) => ids);
      const { shape } = await buildModel({ source: folder, out: plain, precision: 'fp32' });
      for (const cacheRanges of [undefined, evenRanges(shape, 3)]) {
        const build = { source: folder, precision: 'fp32', cacheRanges, force: true } as const;
        await buildModel({ ...build, out: plain });
        await buildModel({ ...build, out: moved, calibration });
        const expected = await (await OnnxDecoder.open(plain, { keep: 0 })).run({ rows });
        const actual = await (await OnnxDecoder.open(moved, { keep: 0 })).run({ rows });
        expect(differences(actual.logits, expected.logits)).toBe(0);
      }
    });
  },
);

function differences(actual: Float32Array, expected: Float32Array): number {
  return actual.filter((value, index) => value !== expected[index]).length + Math.abs(actual.length - expected.length);
}
