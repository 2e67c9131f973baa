/** The worker thread that compares encoder-decoders: a Piscina worker whose samples are answers to prompts. */
import { workerData } from 'piscina';
import { invariant } from '../../errors.js';
import { EncoderDecoderModel } from '../decoder/encoder-decoder-model.js';
import { AnswerReader, type AnswerShape } from './answer-reader.js';
import type { AnswerBatch } from './answers.js';
import { compareLogits } from './comparison.js';
import type { CompareSetup } from './comparison-protocol.js';
import { serveComparisons } from './serve-comparisons.js';

const setup = workerData as CompareSetup<AnswerBatch, AnswerShape>;

export default serveComparisons(setup, {
  load: async ({ graph, encoderGraph, element }, open) => {
    invariant(encoderGraph !== null, 'an encoder-decoder has two graphs');
    const { shape } = setup;
    const parts = { startToken: shape.startToken, decoder: await open(graph), encoder: await open(encoderGraph) };
    return new AnswerReader(new EncoderDecoderModel(parts, { ...shape, element }), shape);
  },
  compare: ({ sample, ...logits }) => compareLogits({ ...logits, targets: sample.flatMap(({ answer }) => answer) }),
});
