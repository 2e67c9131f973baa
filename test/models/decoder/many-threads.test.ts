/** A token's bits depend on nobody beside it where there are more threads than heads, too: ONNX Runtime may cut the work of few heads otherwise. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { buildModel } from '#octavo/models/build/build.js';
import { CausalModel } from '#octavo/models/decoder/causal-model.js';
import type { ForwardLogits } from '#octavo/models/decoder/language-model.js';
import { openRuntime } from '#octavo/models/runtime/open-runtime.js';
import { cpu } from '#octavo/models/runtime/runtime.js';
import { evenRanges } from '../../support/cache-ranges.js';
import { temporaryFolder } from '../../support/folders.js';
import { Random } from '../../support/random.js';
import { tinyLlama, tinyTensors, writeCheckpoint } from '../../support/tiny-checkpoint.js';

const root = temporaryFolder();
/** Heads of 64: the smaller they are, the longer the parts that a cache is cut into. */
const config = { ...tinyLlama, hidden_size: 256, max_position_embeddings: 2048 };
const source = writeCheckpoint(join(root, 'source'), config, tinyTensors(config));
/** Longer than the parts that a cache may be cut into. */
const length = 900;

it.each(['float32', 'int8'] as const)('with the cache in %s', async (element) => {
  const sizes = { layers: 2, hidden: 256, heads: 4, kvHeads: 2, headDim: 64, vocab: 96, context: 2048 };
  const cacheRanges = element === 'int8' ? evenRanges(sizes, 4) : undefined;
  const out = join(root, element);
  const { graph, shape } = await buildModel({ source, out, precision: 'int8', cacheRanges });
  const { runtime } = await openRuntime('auto');
  const session = await runtime.open(join(out, graph), { device: cpu, threads: 16 });
  const model = new CausalModel(session, { ...shape, rows: 5, capacity: 1024, element });
  const random = new Random(3);
  const prompts = Array.from({ length: 5 }, () => Array.from({ length }, () => random.below(96)));
  for (const [row, ids] of prompts.entries()) await model.forward({ firstRow: row, ids: [ids], past: [0] });

  const next = prompts.map(() => [5]);
  const alone: Float32Array[] = [];
  for (const firstRow of prompts.keys()) {
    alone.push(...copyOf(await model.forward({ firstRow, ids: [[5]], past: [length] })));
  }
  const together = copyOf(await model.forward({ firstRow: 0, ids: next, past: next.map(() => length) }));
  expect(together).toEqual(alone);
  await model.close();
});

/** Logits in memory of ours are overwritten by the next step. */
function copyOf(logits: ForwardLogits): Float32Array[] {
  if ('each' in logits) throw new Error('The logits lie on a device.');
  return logits.map((row) => row.slice());
}
