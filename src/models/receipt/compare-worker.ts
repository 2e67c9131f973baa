/** The worker thread that runs two models over the same windows: a Piscina worker whose tasks are windows. */
import { workerData } from 'piscina';
import { OctavoError } from '../../errors.js';
import { chooseProvider, openRuntime } from '../runtime/open-runtime.js';
import type { CompareReply, CompareRequest, CompareSetup } from './comparer.js';
import { addComparisons, type Comparison, compareLogits, nothingCompared } from './comparison.js';
import { LogitsReader } from './logits-reader.js';
import { cutPieces, readPiece } from './pieces.js';
import type { Window } from './windows.js';

interface Readers {
  readonly reference: LogitsReader;
  readonly model: LogitsReader;
}

const setup = workerData as CompareSetup;
const loading = load();
loading.catch(() => {});

export default async function handle(request: CompareRequest): Promise<CompareReply> {
  try {
    const readers = await loading;
    if (request.kind === 'window') return { kind: 'comparison', comparison: await compare(readers, request.window) };
    await readers.reference.close();
    await readers.model.close();
    return { kind: 'closed' };
  } catch (error) {
    const code = error instanceof OctavoError ? error.code : 'internal_error';
    return { kind: 'error', code, message: (error as Error).message };
  }
}

async function load(): Promise<Readers> {
  const { runtime } = await openRuntime(setup.runtime);
  const { provider } = chooseProvider(setup.provider, runtime);
  const open = async (graph: string) =>
    new LogitsReader(await runtime.open(graph, { provider, threads: setup.threads }), setup.shape);
  return { reference: await open(setup.reference), model: await open(setup.model) };
}

async function compare({ reference, model }: Readers, window: Window): Promise<Comparison> {
  const { vocab } = setup.shape;
  let sums = nothingCompared;
  for (const piece of cutPieces(window, vocab)) {
    const logits = { reference: await readPiece(reference, piece, vocab), model: await readPiece(model, piece, vocab) };
    sums = addComparisons(sums, compareLogits({ ...logits, targets: piece.targets }));
  }
  return sums;
}
