/**
 * Decode by onnxruntime-node's `session.run` as its documentation shows: the KV cache goes in as feeds and comes back
 * as results. Frozen: what `in-place.mjs` compares the engine with. Prints the milliseconds of each step as JSON.
 *
 *   node bench/session-run.mjs <graph.onnx> <rows> <capacity> <past> <steps> <threads>
 */
import * as ort from 'onnxruntime-node';

const [graph, ...numbers] = process.argv.slice(2);
const [rows, capacity, past, steps, threads] = numbers.map(Number);
const warmUps = 3;

const session = await ort.InferenceSession.create(graph, { intraOpNumThreads: threads });

const cacheInputs = session.inputMetadata.filter(({ name }) => name.startsWith('past_key_values.'));
const [, kvHeads, , headDim] = cacheInputs[0].shape;
let cache = Object.fromEntries(
  cacheInputs.map(({ name }) => [
    name,
    new ort.Tensor('float32', new Float32Array(rows * kvHeads * capacity * headDim), [
      rows,
      kvHeads,
      capacity,
      headDim,
    ]),
  ]),
);

const times = [];
for (let step = 0; step < steps + warmUps; step++) {
  const total = past + step + 1;
  const feeds = {
    input_ids: new ort.Tensor('int64', new BigInt64Array(rows).fill(17n), [rows, 1]),
    attention_mask: new ort.Tensor('int64', new BigInt64Array(rows * total).fill(1n), [rows, total]),
    ...cache,
  };
  const start = performance.now();
  const results = await session.run(feeds);
  argmaxRows(results.logits);
  cache = Object.fromEntries(
    Object.keys(cache).map((name) => [name, results[name.replace('past_key_values', 'present')]]),
  );
  if (step >= warmUps) times.push(performance.now() - start);
}
console.log(JSON.stringify({ times }));

/** Greedy sampling, as the engine does it too. */
function argmaxRows({ data, dims }) {
  const vocab = dims.at(-1);
  return Array.from({ length: rows }, (_, row) => {
    let best = row * vocab;
    for (let i = best; i < (row + 1) * vocab; i++) if (data[i] > data[best]) best = i;
    return best - row * vocab;
  });
}
