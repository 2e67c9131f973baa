/** `GET /v1/models`: OpenAI's shape, and under `octavo` what each model does and how it was loaded. */
import type { EncoderHead, ServedModel } from '../models/served-model.js';
import type { Replica } from './dependencies.js';
import { taskOf } from './find-replica.js';
import type { Model } from './schema/answer-schema.js';

export function describeModel(replica: Replica): Model {
  const { model } = replica;
  const { runtime } = model;
  return {
    id: model.id,
    object: 'model',
    created: model.created,
    owned_by: 'octavo',
    octavo: {
      task: taskOf(replica),
      architecture: model.architecture,
      precision: model.precision,
      context_length: model.contextLength,
      runtime: runtime.runtime,
      runtime_reason: runtime.runtimeReason,
      runtime_version: runtime.version,
      provider: runtime.provider,
      provider_reason: runtime.providerReason,
      devices: [...runtime.devices],
      threads: runtime.threads,
      rows: runtime.rows,
      remarks: [...model.remarks],
      ...(replica.kind === 'decoder' ? describeGeneration(replica.model) : describeHead(replica.model.head)),
      receipt: model.receipt,
    },
  };
}

function describeGeneration({ kvCache, chatTemplate, defaults }: ServedModel) {
  return {
    kv_cache: kvCache,
    capabilities: chatTemplate ? ['completions', 'chat.completions'] : ['completions'],
    defaults: {
      temperature: defaults.temperature ?? 1,
      top_p: defaults.topP ?? 1,
      top_k: defaults.topK ?? 0,
    },
  };
}

function describeHead(head: EncoderHead) {
  return head.task === 'embed'
    ? { capabilities: ['embeddings'], dimensions: head.dimensions }
    : { capabilities: ['classify'], labels: [...head.labels] };
}
