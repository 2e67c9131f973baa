/** The worker thread that compares models which continue a text: a Piscina worker whose samples are pieces of windows. */
import { workerData } from 'piscina';
import type { DecoderShape } from '../decoder/language-model.js';
import { compareLogits } from './comparison.js';
import type { CompareSetup } from './comparison-protocol.js';
import { LogitsReader } from './logits-reader.js';
import { type Piece, readPiece } from './pieces.js';
import { serveComparisons } from './serve-comparisons.js';

const setup = workerData as CompareSetup<Piece, DecoderShape>;

export default serveComparisons(setup, {
  load: async ({ graph, element }, open) => {
    const reader = new LogitsReader(await open(graph), { ...setup.shape, element });
    return {
      read: (piece: Piece) => readPiece(reader, piece, setup.shape.vocab),
      close: () => reader.close(),
    };
  },
  compare: ({ sample, ...logits }) => compareLogits({ ...logits, targets: sample.targets }),
});
