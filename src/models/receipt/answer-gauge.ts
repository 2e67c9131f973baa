/** Measures encoder-decoders: their predictions of every token of answers that FP32 wrote to prompts. */
import { bundledTextFile } from '../bundled-text.js';
import { loadDecoder } from '../load-model.js';
import { type Answer, answerRows, batchAnswers, countAnswerTokens } from './answers.js';
import { createGauge, type Gauge, graphsOf } from './gauge.js';
import { type GaugeOptions, sampledTokens } from './gauge-options.js';
import { meanDivergence, predictionQuality, probeTokens } from './prediction-quality.js';
import type { PredictedText } from './receipt.js';
import { hashIds, sampleAnswers } from './sampled-text.js';
import { spread } from './spread.js';
import { readTexts } from './text-file.js';

/** Tokens of a prompt, and of an answer, at most. */
const promptTokens = 256;
const answerTokens = 64;

export async function openAnswerGauge(options: GaugeOptions): Promise<Gauge> {
  const { model, reference, run } = options;
  const { shape, encoder } = model.manifest;
  const { info, answers } = await writeAnswers(options);
  const capacity = Math.min(promptTokens, shape.context);
  return createGauge({
    worker: new URL('./answers-worker.js', import.meta.url),
    setup: {
      ...run,
      reference: graphsOf(reference),
      shape: { ...shape, rows: answerRows, capacity, startToken: encoder?.startToken ?? 0 },
      samples: batchAnswers(answers, shape.vocab),
    },
    few: batchAnswers(firstAnswers(answers, probeTokens), shape.vocab),
    summarise: (results) => predictionQuality(info, results),
    distance: meanDivergence,
  });
}

/** The texts of the file are prompts; FP32 answers them in turn, and again from the first, until there are enough tokens. */
async function writeAnswers(
  options: GaugeOptions,
): Promise<{ readonly info: PredictedText; readonly answers: readonly Answer[] }> {
  const { model, run, text, onProgress } = options;
  const { shape, endTokens } = model.manifest;
  const context = Math.min(promptTokens, shape.context);
  const [tokens, length] = [options.tokens ?? options.sampled ?? sampledTokens, Math.min(answerTokens, context)];
  const { name, texts } = await readTexts(text ?? bundledTextFile);
  const loaded = await loadDecoder({
    ...run,
    ...{ folder: options.referencePath, name: null, rows: answerRows, context },
  });
  try {
    const prompts: (readonly number[])[] = [];
    for (const line of spread(texts)) {
      prompts.push((await loaded.model.tokenizer.encode(line, { addSpecialTokens: true })).slice(0, context));
    }
    const onToken = (done: number) => onProgress({ done, total: tokens, what: 'answering in FP32' });
    const answers = await sampleAnswers(loaded.engine, { prompts, endTokens, length, tokens, onToken });
    const sha256 = hashIds(answers.map(({ prompt, answer }) => [...prompt, ...answer]));
    const counts = { texts: answers.length, predictions: countAnswerTokens(answers), window: length };
    return { info: { source: 'answers', name: text === null ? '' : name, sha256, ...counts }, answers };
  } finally {
    await loaded.close();
  }
}

/** The first answers, `limit` tokens of them. */
function firstAnswers(answers: readonly Answer[], limit: number): Answer[] {
  const first: Answer[] = [];
  let left = limit;
  for (const { prompt, answer } of answers) {
    if (left === 0) break;
    first.push({ prompt, answer: answer.slice(0, left) });
    left -= Math.min(left, answer.length);
  }
  return first;
}
