/** What an encoder's worker thread is given when it starts; it loads the model then. */
import type { SessionSetup } from '../worker/thread-protocol.js';
import type { EncoderShape } from './encoder.js';

export interface EncoderSetup extends SessionSetup {
  readonly shape: EncoderShape;
}
