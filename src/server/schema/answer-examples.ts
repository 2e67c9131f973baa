/** What the page to try the API shows of each answer before one is asked for: a real one, of the embedded models. */
import { moderationCategories } from './moderation-schema.js';

const created = 1_767_225_600;
const chat = { id: 'chatcmpl-1f0a', created, model: 'concierge', system_fingerprint: 'fp_d9a46f6fc3' };
const completion = { ...chat, id: 'cmpl-1f0a', object: 'text_completion' };
const answer = 'What time do you want to book?';
const choice = { index: 0, logprobs: null };

function usage(prompt: number, output: number) {
  const tokens = { prompt_tokens: prompt, completion_tokens: output, total_tokens: prompt + output };
  return { ...tokens, prompt_tokens_details: { cached_tokens: 0 } };
}

const model = {
  ...{ id: 'concierge', object: 'model', created, owned_by: 'octavo' },
  octavo: {
    ...{ task: 'generate', architecture: 'llama', precision: 'int8', kv_cache: 'float32', context_length: 512 },
    ...{ runtime: 'ort-c-api', runtime_reason: '', runtime_version: '1.30.0' },
    ...{ provider: 'cpu', provider_reason: 'what int8 graphs are built for', devices: ['cpu'], threads: 2, rows: 32 },
    ...{ remarks: [], capabilities: ['completions', 'chat.completions'] },
    ...{ defaults: { temperature: 0.7, top_p: 0.9, top_k: 0 }, receipt: null },
  },
};

function ofEvery(value: unknown, others: Readonly<Record<string, unknown>> = {}) {
  return { ...Object.fromEntries(moderationCategories.map((name) => [name, value])), ...others };
}

/** By the names of the schemas in the document. */
export const answerExamples: Readonly<Record<string, object>> = {
  Completion: {
    ...completion,
    choices: [{ ...choice, text: ' a restaurant.', finish_reason: 'stop' }],
    usage: usage(5, 4),
  },
  CompletionChunk: { ...completion, choices: [{ ...choice, text: ' a restaurant.', finish_reason: null }] },
  ChatCompletion: {
    ...{ ...chat, object: 'chat.completion' },
    choices: [{ ...choice, message: { role: 'assistant', content: answer, refusal: null }, finish_reason: 'stop' }],
    usage: usage(22, 8),
  },
  ChatCompletionChunk: {
    ...{ ...chat, object: 'chat.completion.chunk' },
    choices: [{ ...choice, delta: { content: answer }, finish_reason: null }],
  },
  EmbeddingList: {
    ...{ object: 'list', data: [{ object: 'embedding', index: 0, embedding: [0.0231, -0.0417, 0.0562] }] },
    ...{ model: 'minilm', usage: { prompt_tokens: 6, total_tokens: 6 } },
  },
  ClassificationList: {
    object: 'list',
    data: [
      {
        ...{ object: 'classification', index: 0, label: 'good' },
        scores: [
          { label: 'good', score: 0.97 },
          { label: 'bad', score: 0.03 },
        ],
      },
    ],
    ...{ model: 'reviews', usage: { prompt_tokens: 7, total_tokens: 7 } },
  },
  Moderation: {
    ...{ id: 'modr-1f0a', model: 'octavo-moderation' },
    results: [
      {
        flagged: true,
        categories: ofEvery(false, { 'illicit/violent': true }),
        category_scores: ofEvery(0, { 'illicit/violent': 0.99 }),
        category_applied_input_types: ofEvery([], { 'illicit/violent': ['text'] }),
        octavo: { other: {} },
      },
    ],
    octavo: {
      sources: ofEvery([], { 'illicit/violent': ['moderator', 'rules'] }),
      thresholds: ofEvery(null, { 'illicit/violent': 0.93 }),
    },
  },
  Model: model,
  ModelList: { object: 'list', data: [model] },
  Health: { status: 'live' },
  Readiness: { status: 'ready', replicas: [{ model: 'concierge', replica: 0, device: 'cpu', ready: true }] },
};
