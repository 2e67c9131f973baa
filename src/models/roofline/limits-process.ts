/** Measures the machine through the runtime that models use, and tells its parent. The fastest of many short runs counts. */
import { performance } from 'node:perf_hooks';
import { answerParent } from '../own-process.js';
import { openRuntime } from '../runtime/open-runtime.js';
import { cpu, type Session, type Tensor, zeros } from '../runtime/runtime.js';
import { productGraph, readingGraph } from './limit-graphs.js';
import type { MachineLimits } from './machine-limits.js';

/** Each run reads another part, so that none is still in the processor's cache from the last round: 512 MiB in all. */
const parts = 8;
const part = { rows: 256, columns: 65_536 };
/** As in the layers of a 0.5B model. Larger ones were no faster, and take longer to be disturbed in. */
const product = { rows: 256, inner: 1024, columns: 2048 };
/** Of each of the two measurements. */
const milliseconds = 1500;

const threads = Number(process.argv[2]);
const { runtime } = await openRuntime('auto');
await answerParent(
  async (): Promise<MachineLimits> => ({
    readBytesPerSecond: await withSession(await readingGraph(part.rows, part.columns), measureReading),
    int8MacsPerSecond: await withSession(await productGraph(product), measureProduct),
  }),
);

async function withSession(graph: Uint8Array, measure: (session: Session) => Promise<number>): Promise<number> {
  const session = await runtime.open(graph, { device: cpu, threads });
  try {
    return await measure(session);
  } finally {
    await session.close();
  }
}

async function measureReading(session: Session): Promise<number> {
  const memory = Array.from({ length: parts }, () => filled([part.rows, part.columns]));
  const outputs = new Map([['sums', zeros('float32', [part.rows])]]);
  const fastest = await fastestRun(memory, (x) => session.run(new Map([['x', x]]), outputs));
  return (part.rows * part.columns * 4) / fastest;
}

async function measureProduct(session: Session): Promise<number> {
  const x = filled([product.rows, product.inner]);
  const outputs = new Map([['y', zeros('float32', [product.rows, product.columns])]]);
  const fastest = await fastestRun([x], (input) => session.run(new Map([['x', input]]), outputs));
  return (product.rows * product.inner * product.columns) / fastest;
}

/** Written once: pages that never were are all the same page of zeros. */
function filled(dims: readonly number[]): Tensor {
  const tensor = zeros('float32', dims);
  (tensor.data as Float32Array).fill(1);
  return tensor;
}

/** Seconds, of the inputs in turn. A limit is what is reached when nothing disturbs, so neither mean nor median would do. */
async function fastestRun(inputs: readonly Tensor[], run: (input: Tensor) => Promise<void>): Promise<number> {
  const end = performance.now() + milliseconds;
  let fastest = Infinity;
  for (let i = 0; i < inputs.length || performance.now() < end; i++) {
    const start = performance.now();
    await run(inputs[i % inputs.length]!);
    fastest = Math.min(fastest, performance.now() - start);
  }
  return fastest / 1000;
}
