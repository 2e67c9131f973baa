/** The worker thread of one encoder replica: a Piscina worker whose tasks are encode steps. */
import { workerData } from 'piscina';
import { serveSteps } from '../worker/serve-steps.js';
import type { ThreadSetup } from '../worker/thread-protocol.js';
import { Encoder } from './encoder.js';
import type { EncoderSetup } from './worker-protocol.js';

const setup = workerData as EncoderSetup & ThreadSetup;

export default serveSteps(setup, async ({ open }) => new Encoder(await open(setup.graph), setup.shape));
