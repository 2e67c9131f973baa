/** The worker thread of one decoder replica: a Piscina worker whose tasks are engine steps. */
import { workerData } from 'piscina';
import { type GraphOpener, serveSteps } from '../worker/serve-steps.js';
import type { ThreadSetup } from '../worker/thread-protocol.js';
import { checkCacheDevices } from './cache-devices.js';
import { CausalModel } from './causal-model.js';
import { Decoder } from './decoder.js';
import { ownPorts } from './decoder-ports.js';
import { DeviceKvCache } from './device-kv-cache.js';
import { DeviceLogits } from './device-logits.js';
import { EncoderDecoderModel } from './encoder-decoder-model.js';
import { GrowingModel } from './growing-model.js';
import type { LanguageModel } from './language-model.js';
import { openPipeline } from './open-pipeline.js';
import { openWeigher, type Weigher } from './weigher.js';
import type { DecoderSetup } from './worker-protocol.js';

const setup = workerData as DecoderSetup & ThreadSetup;

const isInterrupted = () => Atomics.load(setup.interrupt, 0) !== 0;

export default serveSteps(setup, async (opener) => {
  const weigher = await openWeigher(opener.runtime, setup.shape.vocab, setup.threads);
  return new Decoder(await openModel(opener, weigher), weigher, isInterrupted);
});

async function openModel(opener: GraphOpener, weigher: Weigher): Promise<LanguageModel> {
  const { shape, encoder, ports = ownPorts(shape.layers) } = setup;
  checkCacheDevices(shape.element, opener.devices);
  if (opener.devices.length > 1) return openPipeline(setup, opener);
  const session = await opener.open(setup.graph);
  if (encoder !== undefined) {
    return new EncoderDecoderModel({ ...encoder, decoder: session, encoder: await opener.open(encoder.graph) }, shape);
  }
  if (ports.passing === 'growing') return new GrowingModel(session, shape, ports);
  const { device } = session;
  if (device === null) return new CausalModel(session, shape, { ports });
  // Where the graph runs, there its cache is, and what it writes is read.
  const cache = await DeviceKvCache.open(device, { shape, names: ports.cache }, opener);
  const logits = await DeviceLogits.open(device, { vocab: shape.vocab, weigher }, opener);
  return new CausalModel(session, shape, { ports, cache, logits });
}
