/** The worker thread that encodes long texts, so that the main thread stays free. */
import { workerData } from 'piscina';
import { createEncoder, type EncodeRequest, type EncoderSource } from './encoder.js';

const encode = createEncoder(workerData as EncoderSource);

export default function handle(request: EncodeRequest): number[] {
  return encode(request);
}
