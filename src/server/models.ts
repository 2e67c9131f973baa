/** `GET /v1/models`: OpenAI's shape, and under `octavo` how each model was loaded. */
import type { Replica } from './dependencies.js';
import type { Model } from './schema/answer-schema.js';

export function describeModel({ model }: Replica): Model {
  const { runtime, defaults } = model;
  return {
    id: model.id,
    object: 'model',
    created: model.created,
    owned_by: 'octavo',
    octavo: {
      architecture: model.architecture,
      precision: model.precision,
      context_length: model.contextLength,
      runtime: runtime.runtime,
      runtime_reason: runtime.runtimeReason,
      runtime_version: runtime.version,
      provider: runtime.provider,
      provider_reason: runtime.providerReason,
      threads: runtime.threads,
      rows: runtime.rows,
      capabilities: model.chatTemplate ? ['completions', 'chat.completions'] : ['completions'],
      defaults: {
        temperature: defaults.temperature ?? 1,
        top_p: defaults.topP ?? 1,
        top_k: defaults.topK ?? 0,
      },
      receipt: model.receipt,
    },
  };
}
