/** The worker thread that measures probes: a Piscina worker whose tasks are graphs. FP32 runs once, before the first. */
import { workerData } from 'piscina';
import { OctavoError } from '../../errors.js';
import { chooseProvider, openRuntime } from '../runtime/open-runtime.js';
import { addComparisons, type Comparison, compareLogits, nothingCompared } from './comparison.js';
import { LogitsReader } from './logits-reader.js';
import { cutPieces, type Piece, readPiece } from './pieces.js';
import type { ProbeReply, ProbeSetup } from './prober.js';

/** A piece and FP32's logits for it, [targets, vocab]. */
interface Expectation {
  readonly piece: Piece;
  readonly logits: Float32Array;
}

const setup = workerData as ProbeSetup;
const expecting = expectLogits();
expecting.catch(() => {});

/** `graph` is the path of an ONNX file. */
export default async function handle(graph: string): Promise<ProbeReply> {
  try {
    return { kind: 'comparison', comparison: await compare(graph, await expecting) };
  } catch (error) {
    const code = error instanceof OctavoError ? error.code : 'internal_error';
    return { kind: 'error', code, message: (error as Error).message };
  }
}

async function expectLogits(): Promise<readonly Expectation[]> {
  const expectations: Expectation[] = [];
  await withReader(setup.reference, async (reader) => {
    for (const piece of allPieces()) {
      expectations.push({ piece, logits: (await readPiece(reader, piece, setup.shape.vocab)).slice() });
    }
  });
  return expectations;
}

async function compare(graph: string, expectations: readonly Expectation[]): Promise<Comparison> {
  let sums = nothingCompared;
  await withReader(graph, async (reader) => {
    for (const { piece, logits } of expectations) {
      const model = await readPiece(reader, piece, setup.shape.vocab);
      sums = addComparisons(sums, compareLogits({ reference: logits, model, targets: piece.targets }));
    }
  });
  return sums;
}

async function withReader(graph: string, use: (reader: LogitsReader) => Promise<void>): Promise<void> {
  const { runtime } = await openRuntime(setup.runtime);
  const { provider } = chooseProvider(setup.provider, runtime);
  const reader = new LogitsReader(await runtime.open(graph, { provider, threads: setup.threads }), setup.shape);
  try {
    await use(reader);
  } finally {
    await reader.close();
  }
}

function allPieces(): Piece[] {
  return setup.windows.flatMap((window) => cutPieces(window, setup.shape.vocab));
}
