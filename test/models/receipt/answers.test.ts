/** Answers of encoder-decoders: cut into batches, and predicted as transformers predicts them. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { buildModel } from '#octavo/models/build/build.js';
import { EncoderDecoderModel } from '#octavo/models/decoder/encoder-decoder-model.js';
import { openModelFolder } from '#octavo/models/model-folder.js';
import { AnswerReader } from '#octavo/models/receipt/answer-reader.js';
import { type Answer, batchAnswers, countAnswerTokens } from '#octavo/models/receipt/answers.js';
import { openRuntime } from '#octavo/models/runtime/open-runtime.js';
import { cpu } from '#octavo/models/runtime/runtime.js';
import { encoderDecoderFixtures } from '../../support/encoder-decoder-fixtures.js';
import { temporaryFolder } from '../../support/folders.js';

const answerOf = (length: number): Answer => ({ prompt: [1], answer: new Array<number>(length).fill(2) });

it('come in batches of at most 16, the longest first', () => {
  const batches = batchAnswers(
    Array.from({ length: 20 }, (_, index) => answerOf(index + 1)),
    100,
  );
  expect(batches.map((batch) => batch.length)).toEqual([16, 4]);
  const lengths = batches.flat().map(({ answer }) => answer.length);
  expect(lengths).toEqual(lengths.toSorted((a, b) => b - a));
  expect(countAnswerTokens(batches.flat())).toBe(210);
});

it('come in batches whose logits fit into memory', () => {
  const vocab = 100_000;
  const batches = batchAnswers([answerOf(40), answerOf(40), answerOf(40), answerOf(500)], vocab);
  expect(batches.map((batch) => batch.length)).toEqual([1, 2, 1]);
});

it.each(encoderDecoderFixtures)('of $name are predicted as transformers does', async ({ folder, prompts }) => {
  const out = join(temporaryFolder(), 'model');
  await buildModel({ source: folder, out, precision: 'fp32' });
  const { manifest, graph, encoderGraph } = await openModelFolder(out);
  const { runtime } = await openRuntime('ort-c-api');
  const open = (file: string) => runtime.open(file, { device: cpu, threads: 1 });
  const parts = {
    decoder: await open(graph),
    encoder: await open(encoderGraph ?? ''),
    startToken: manifest.encoder?.startToken ?? 0,
  };
  const { vocab } = manifest.shape;
  const reader = new AnswerReader(new EncoderDecoderModel(parts, { ...manifest.shape, rows: 16, capacity: 96 }), {
    vocab,
  });
  // Of different lengths, so that rows leave one by one.
  const answers = prompts.map(({ ids, greedy }, index) => ({
    prompt: ids,
    answer: greedy.slice(0, greedy.length - index),
  }));
  const [batch = []] = batchAnswers(answers, vocab);
  const logits = await reader.read(batch);
  const likeliest = batch
    .flatMap(({ answer }) => answer)
    .map((_, position) => {
      const row = logits.subarray(position * vocab, (position + 1) * vocab);
      return row.indexOf(Math.max(...row));
    });
  expect(likeliest).toEqual(batch.flatMap(({ answer }) => answer));
  await reader.close();
});
