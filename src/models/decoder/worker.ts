/** The worker thread of one decoder replica: a Piscina worker whose tasks are engine steps. */
import { workerData } from 'piscina';
import { serveSteps } from '../worker/serve-steps.js';
import { Decoder } from './decoder.js';
import { openWeigher } from './weigher.js';
import type { DecoderSetup } from './worker-protocol.js';

const setup = workerData as DecoderSetup;

export default serveSteps(
  setup,
  async (session, runtime) => new Decoder(session, setup.shape, await openWeigher(runtime, setup.shape.vocab)),
);
