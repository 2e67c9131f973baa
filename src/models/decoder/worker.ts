/** The worker thread of one decoder replica: a Piscina worker whose tasks are engine steps. */
import { workerData } from 'piscina';
import { serveSteps } from '../worker/serve-steps.js';
import { CausalModel } from './causal-model.js';
import { Decoder } from './decoder.js';
import { EncoderDecoderModel } from './encoder-decoder-model.js';
import { openWeigher } from './weigher.js';
import type { DecoderSetup } from './worker-protocol.js';

const setup = workerData as DecoderSetup;

export default serveSteps(setup, async (session, { runtime, open }) => {
  const { shape, encoder } = setup;
  const model =
    encoder === undefined
      ? new CausalModel(session, shape)
      : new EncoderDecoderModel({ ...encoder, decoder: session, encoder: await open(encoder.graph) }, shape);
  return new Decoder(model, await openWeigher(runtime, shape.vocab));
});
