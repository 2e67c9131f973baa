/** What every thread that compares models does: run the reference and a model on the same samples, tell failures. */
import { findDevice } from '../runtime/device.js';
import { openRuntime } from '../runtime/open-runtime.js';
import type { Session } from '../runtime/runtime.js';
import { toFailure } from '../worker/thread-protocol.js';
import type { CompareReply, CompareRequest, CompareSetup, Graphs } from './comparison-protocol.js';

/** A loaded model that gives numbers for a sample. */
export interface SampleReader<Sample> {
  /** Holds until the next call. */
  read(sample: Sample): Promise<Float32Array>;
  close(): Promise<void>;
}

/** How one kind of model is measured. */
export interface Meter<Sample, Result> {
  /** `open` opens a file as the setup says. */
  load(graphs: Graphs, open: (graph: string) => Promise<Session>): Promise<SampleReader<Sample>>;
  compare(numbers: { readonly sample: Sample; readonly reference: Float32Array; readonly model: Float32Array }): Result;
}

/** The handler of a worker thread. The reference is loaded at once; a failure is told to whoever asks. */
export function serveComparisons<Sample, Shape, Result>(
  setup: CompareSetup<Sample, Shape>,
  meter: Meter<Sample, Result>,
): (request: CompareRequest) => Promise<CompareReply<Result>> {
  const load = async (graphs: Graphs) => meter.load(graphs, await createOpener(setup));
  const loading = load(setup.reference).then((reader) => (setup.remember ? remember(reader, setup.samples) : reader));
  loading.catch(() => {});
  let model: SampleReader<Sample> | null = null;
  return async (request) => {
    try {
      const reference = await loading;
      if (request.kind === 'compare') {
        const sample = setup.samples[request.index];
        if (sample === undefined || model === null) throw new Error('A sample needs its model.');
        const numbers = { reference: await reference.read(sample), model: await model.read(sample) };
        return { kind: 'result', result: meter.compare({ sample, ...numbers }) };
      }
      await model?.close();
      model = request.kind === 'open' ? await load(request.graphs) : null;
      if (request.kind === 'close') await reference.close();
      return { kind: 'done' };
    } catch (error) {
      return toFailure(error);
    }
  };
}

/** Reads every sample once, closes the model, and has the numbers at hand from then on. */
async function remember<Sample>(
  reader: SampleReader<Sample>,
  samples: readonly Sample[],
): Promise<SampleReader<Sample>> {
  const numbers = new Map<Sample, Float32Array>();
  for (const sample of samples) numbers.set(sample, (await reader.read(sample)).slice());
  await reader.close();
  return {
    read: async (sample) => numbers.get(sample) ?? new Float32Array(),
    close: async () => {},
  };
}

async function createOpener(setup: CompareSetup<unknown, unknown>): Promise<(graph: string) => Promise<Session>> {
  const { runtime } = await openRuntime(setup.runtime);
  const device = findDevice(setup.device, runtime);
  return (graph) => runtime.open(graph, { device, threads: setup.threads });
}
