/** What a decoder's worker thread is given when it starts; it loads the model then. */
import type { SessionSetup } from '../worker/thread-protocol.js';
import type { DecoderPorts } from './decoder-ports.js';
import type { DecoderShape } from './language-model.js';

export interface DecoderSetup extends SessionSetup {
  /** Shared by both threads: not zero, and the decode step that runs ends after its round. */
  readonly interrupt: Int32Array<SharedArrayBuffer>;
  readonly shape: DecoderShape;
  /** Of a graph by others; absent: as Octavo draws them. */
  readonly ports?: DecoderPorts;
  /** Of an encoder-decoder: the absolute path of the graph that reads prompts, and the token before the first of every output. */
  readonly encoder?: { readonly graph: string; readonly startToken: number };
}
