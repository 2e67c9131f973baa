/** A batcher on an engine without HTTP, and streams that ask it again as soon as they end. */
import { Batcher } from '../dist/batcher/batcher.js';
import { defaultLimits } from '../dist/batcher/scheduler.js';
import { greedy } from '../dist/models/decoder/sampling.js';
import { loadModel } from '../dist/models/load-model.js';
import { promptIds } from './peers/cases.mjs';

/** `generate(ids, tokens)` gives the times of a generation's pieces of text, in milliseconds. */
export async function openBatcher({ folder, rows, context, threads }) {
  const { engine, model, close } = await loadModel({
    ...{ folder, name: null, rows, context, prefixCache: 0, runtime: 'auto', device: 'cpu', threads },
  });
  const batcher = new Batcher({
    ...{ engine, detokenizer: () => model.tokenizer.stream(), scheduler: defaultLimits },
    queue: { sequences: 2 * rows, promptTokens: 1 << 20 },
    ...{ clock: () => performance.now(), events: { step: () => {}, finished: () => {} } },
  });
  const generate = async (ids, tokens) => {
    const request = { prompt: ids, maxTokens: tokens, sampling: greedy, tenant: '', stopStrings: [] };
    const times = [];
    for await (const { text } of batcher.submit(request)) if (text !== '') times.push(performance.now());
    return times;
  };
  return { generate, close };
}

/**
 * Tokens a second of all streams, after a warm-up of a fifth of the time. A piece of text may be more than one token, so the tokens
 * are spread evenly over the pieces.
 */
export async function load(generate, { streams, prompt, tokens, seconds }) {
  const begin = performance.now() + 200 * seconds;
  const end = begin + 1000 * seconds;
  let count = 0;
  const ask = async (index) => {
    const times = await generate(promptIds(index, { prompt }), tokens);
    count += (tokens * times.filter((time) => time >= begin && time < end).length) / times.length;
  };
  await Promise.all(
    Array.from({ length: streams }, async (_, stream) => {
      for (let i = 0; performance.now() < end; i++) await ask(stream + i * streams);
    }),
  );
  return count / seconds;
}
