/** What a decoder's worker thread is given when it starts; it loads the model then. */
import type { SessionSetup } from '../worker/thread-protocol.js';
import type { DecoderShape } from './decoder.js';

export interface DecoderSetup extends SessionSetup {
  readonly shape: DecoderShape;
}
