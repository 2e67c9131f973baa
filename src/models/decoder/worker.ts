/** The worker thread of one decoder replica: a Piscina worker whose tasks are engine steps. */
import { workerData } from 'piscina';
import { type GraphOpener, serveSteps } from '../worker/serve-steps.js';
import type { ThreadSetup } from '../worker/thread-protocol.js';
import { CausalModel } from './causal-model.js';
import { Decoder } from './decoder.js';
import { ownPorts } from './decoder-ports.js';
import { DeviceKvCache } from './device-kv-cache.js';
import { EncoderDecoderModel } from './encoder-decoder-model.js';
import { GrowingModel } from './growing-model.js';
import { HostKvCache } from './kv-cache.js';
import type { LanguageModel } from './language-model.js';
import { openPipeline } from './open-pipeline.js';
import { openWeigher } from './weigher.js';
import type { DecoderSetup } from './worker-protocol.js';

const setup = workerData as DecoderSetup & ThreadSetup;

const isInterrupted = () => Atomics.load(setup.interrupt, 0) !== 0;

export default serveSteps(
  setup,
  async (opener) =>
    new Decoder(await openModel(opener), await openWeigher(opener.runtime, setup.shape.vocab), isInterrupted),
);

async function openModel(opener: GraphOpener): Promise<LanguageModel> {
  const { shape, encoder, ports = ownPorts(shape.layers) } = setup;
  if (opener.devices.length > 1) return openPipeline(setup, opener);
  const session = await opener.open(setup.graph);
  if (encoder !== undefined) {
    return new EncoderDecoderModel({ ...encoder, decoder: session, encoder: await opener.open(encoder.graph) }, shape);
  }
  if (ports.passing === 'growing') return new GrowingModel(session, shape, ports);
  const { device } = session;
  const names = ports.cache;
  // Where the graph runs, there its cache is.
  const cache =
    device === null ? new HostKvCache(shape, names) : await DeviceKvCache.open(device, { shape, names }, opener);
  return new CausalModel(session, shape, ports, cache);
}
