/** T5's relative positions (arXiv 1910.10683, section 2.1): what the distance of a query and a key adds to their score. */
import type { GraphContext } from './graph-context.js';
import { bytesOf } from './tensor.js';

export interface RelativeBias {
  /** Distances share this many values, the larger ones by logarithmic ranges. */
  readonly buckets: number;
  /** From this distance on all share the last one. */
  readonly maxDistance: number;
  readonly heads: number;
}

/** The biases of a whole text, float32 [1, heads, sequence_length, sequence_length], from the ids' length. */
export function textBias(
  context: GraphContext,
  path: string,
  use: RelativeBias & { tensor: string; ids: string },
): string {
  const { builder } = context;
  const [zero, one] = [builder.constant('int64', [0n]), builder.constant('int64', [1n])];
  const length = builder.node('Shape', path, { inputs: [use.ids], attributes: { start: 1n, end: 2n } });
  const positions = builder.node('Range', path, { inputs: [zero, length, one] });
  const along = (axis: bigint) =>
    builder.node('Unsqueeze', path, { inputs: [positions, builder.constant('int64', [axis], [1])] });
  const distance = builder.node('Sub', path, { inputs: [along(0n), along(1n)] });
  const largest = BigInt(use.maxDistance);
  const known = builder.node('Clip', path, {
    inputs: [distance, builder.constant('int64', [-largest]), builder.constant('int64', [largest])],
  });
  const index = builder.node('Add', path, { inputs: [known, builder.constant('int64', [largest])] });
  const table = distanceTable(context, use, { first: -use.maxDistance, bidirectional: true });
  const bias = builder.node('Gather', path, { inputs: [table, index], attributes: { axis: 1n } });
  return builder.node('Unsqueeze', `${path}/batch`, { inputs: [bias, builder.constant('int64', [0n], [1])] });
}

/**
 * The biases of each row's newest token, float32 [batch_size, heads, 1, total_sequence_length]. `position`: int64
 * [batch_size, 1], its position. `mask`: [batch_size, total_sequence_length].
 */
export function stepBias(
  context: GraphContext,
  path: string,
  use: RelativeBias & { tensor: string; position: string; mask: string },
): string {
  const { builder } = context;
  const [zero, one] = [builder.constant('int64', [0n]), builder.constant('int64', [1n])];
  const length = builder.node('Shape', path, { inputs: [use.mask], attributes: { start: 1n, end: 2n } });
  const positions = builder.node('Range', path, { inputs: [zero, length, one] });
  const back = builder.node('Sub', path, { inputs: [use.position, positions] });
  const known = builder.node('Clip', path, {
    inputs: [back, zero, builder.constant('int64', [BigInt(use.maxDistance)])],
  });
  const index = builder.node('Sub', path, { inputs: [builder.constant('int64', [BigInt(use.maxDistance)]), known] });
  const table = distanceTable(context, use, { first: -use.maxDistance, bidirectional: false });
  const bias = builder.node('Gather', path, { inputs: [table, index], attributes: { axis: 1n } });
  const rows = builder.node('Transpose', path, { inputs: [bias], attributes: { perm: [1n, 0n, 2n] } });
  return builder.node('Unsqueeze', path, { inputs: [rows, builder.constant('int64', [2n], [1])] });
}

/** Number of the value that keys at `distance` from the query share; a negative distance lies before it. */
export function relativeBucket(
  distance: number,
  { buckets, maxDistance, bidirectional }: { buckets: number; maxDistance: number; bidirectional: boolean },
): number {
  const half = bidirectional ? Math.floor(buckets / 2) : buckets;
  const first = bidirectional && distance > 0 ? half : 0;
  const size = bidirectional ? Math.abs(distance) : Math.max(0, -distance);
  const exact = Math.floor(half / 2);
  if (size < exact) return first + size;
  // In float32, as checkpoints were trained: at the borders of the ranges rounding decides.
  const share = Math.fround(
    Math.fround(Math.log(Math.fround(size / exact))) / Math.fround(Math.log(maxDistance / exact)),
  );
  return first + Math.min(half - 1, exact + Math.trunc(Math.fround(share * (half - exact))));
}

/**
 * The checkpoint's [buckets, heads] laid out by distance, so that a graph only looks up: float32 [heads, distances], from
 * `first` to maxDistance, or to 0 where no key lies behind its query. Returns its name.
 */
function distanceTable(
  { builder, weights }: GraphContext,
  { buckets, maxDistance, heads, tensor }: RelativeBias & { tensor: string },
  { first, bidirectional }: { first: number; bidirectional: boolean },
): string {
  weights.expect(tensor, [buckets, heads]);
  const distances = (bidirectional ? maxDistance : 0) - first + 1;
  builder.initializers({
    tensors: [{ name: tensor, type: 'float32', dims: [heads, distances] }],
    async *chunks() {
      const values = await weights.read(tensor, 0, buckets * heads);
      const table = new Float32Array(heads * distances);
      for (let i = 0; i < distances; i++) {
        const bucket = relativeBucket(first + i, { buckets, maxDistance, bidirectional });
        for (let head = 0; head < heads; head++) table[head * distances + i] = values[bucket * heads + head]!;
      }
      yield bytesOf(table);
    },
  });
  return tensor;
}
