/** The worker thread of one decoder replica: a Piscina worker whose tasks are engine steps. */
import { workerData } from 'piscina';
import { type GraphOpener, serveSteps } from '../worker/serve-steps.js';
import type { ThreadSetup } from '../worker/thread-protocol.js';
import { checkCacheDevices } from './cache-devices.js';
import { Decoder } from './decoder.js';
import { ownPorts } from './decoder-ports.js';
import { EncoderDecoderModel } from './encoder-decoder-model.js';
import { GrowingModel } from './growing-model.js';
import type { LanguageModel } from './language-model.js';
import { openCausal } from './open-causal.js';
import { openPipeline } from './open-pipeline.js';
import { openWeigher, type Weigher } from './weigher.js';
import type { DecoderSetup } from './worker-protocol.js';

const setup = workerData as DecoderSetup & ThreadSetup;

const isInterrupted = () => Atomics.load(setup.interrupt, 0) !== 0;

export default serveSteps(setup, async (opener) => {
  checkCacheDevices(setup.shape.element, opener.devices);
  const weigher = await openWeigher(opener.runtime, setup.shape.vocab, setup.threads);
  try {
    return new Decoder(await openModel(opener, weigher), weigher, isInterrupted);
  } catch (error) {
    await weigher.close();
    throw error;
  }
});

async function openModel(opener: GraphOpener, weigher: Weigher): Promise<LanguageModel> {
  const { shape, encoder, ports = ownPorts(shape.layers) } = setup;
  if (opener.devices.length > 1) return openPipeline(setup, opener);
  if (encoder !== undefined) {
    const decoder = await opener.open(setup.graph);
    return new EncoderDecoderModel({ ...encoder, decoder, encoder: await opener.open(encoder.graph) }, shape);
  }
  if (ports.passing === 'growing') return new GrowingModel(await opener.open(setup.graph), shape, ports);
  return openCausal(setup, opener, weigher);
}
