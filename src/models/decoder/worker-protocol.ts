/** What a decoder's worker thread is given when it starts; it loads the model then. */
import type { SessionSetup } from '../worker/thread-protocol.js';
import type { DecoderShape } from './language-model.js';

export interface DecoderSetup extends SessionSetup {
  readonly shape: DecoderShape;
  /** Of an encoder-decoder: the absolute path of the graph that reads prompts, and the token before the first of every output. */
  readonly encoder?: { readonly graph: string; readonly startToken: number };
}
