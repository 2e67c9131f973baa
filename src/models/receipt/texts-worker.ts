/** The worker thread that compares encoders: a Piscina worker whose samples are texts. */
import { workerData } from 'piscina';
import { Encoder, type EncoderShape } from '../encoder/encoder.js';
import type { CompareSetup, ValuesPair } from './comparison-protocol.js';
import type { EncoderText } from './encoder-texts.js';
import { serveComparisons } from './serve-comparisons.js';

const setup = workerData as CompareSetup<EncoderText, EncoderShape>;

export default serveComparisons(setup, {
  load: async ({ graph }, open) => {
    const encoder = new Encoder(await open(graph), setup.shape);
    return {
      read: async ({ ids }: EncoderText) => (await encoder.step({ texts: [ids], length: ids.length })).values,
      close: () => encoder.close(),
    };
  },
  // A vector, logits of labels, or those of each token.
  compare: ({ reference, model }): ValuesPair => ({ reference, model }),
});
