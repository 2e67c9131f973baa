/** From validated request fields to what the batcher understands: sampling, stopping, lengths. */
import { randomInt } from 'node:crypto';
import { OctavoError } from '../errors.js';
import type { Sampling } from '../models/decoder/sampling.js';
import type { ServedModel } from '../models/served-model.js';
import type { SharedFields } from './schema/sampling-fields.js';

/**
 * The sampling of a request. Where it is silent, the model's own defaults hold, then OpenAI's.
 * Throws `invalid_value` for token ids that the model does not have.
 */
export function toSampling(fields: SharedFields, model: ServedModel): Sampling {
  const { defaults } = model;
  return {
    temperature: fields.temperature ?? defaults.temperature ?? 1,
    topP: fields.top_p ?? defaults.topP ?? 1,
    topK: Math.max(fields.top_k ?? defaults.topK ?? 0, 0),
    minP: fields.min_p ?? 0,
    presencePenalty: fields.presence_penalty ?? 0,
    frequencyPenalty: fields.frequency_penalty ?? 0,
    repetitionPenalty: fields.repetition_penalty ?? 1,
    logitBias: toLogitBias(fields.logit_bias ?? {}, model),
    seed: fields.seed === undefined ? randomInt(2 ** 32) : foldSeed(fields.seed),
    stopTokens: toStopTokens(fields, model),
    minTokens: fields.min_tokens ?? 0,
  };
}

export function toStopStrings(stop: SharedFields['stop']): readonly string[] {
  return typeof stop === 'string' ? [stop] : (stop ?? []);
}

/** Throws `invalid_value` for stream options without a stream, as OpenAI does. */
export function checkStreamOptions(fields: SharedFields): void {
  if (fields.stream_options === undefined || fields.stream) return;
  throw new OctavoError('invalid_value', "'stream_options' is only allowed when 'stream' is true.", 'stream_options');
}

/** 64 bits to 32; seeds below 2^32 stay as they are. */
export function foldSeed(seed: number): number {
  const bits = BigInt.asUintN(64, BigInt(seed));
  return Number(BigInt.asUintN(32, bits ^ (bits >> 32n)));
}

function toLogitBias(bias: Readonly<Record<string, number>>, model: ServedModel): Sampling['logitBias'] {
  return Object.entries(bias).map(([key, value]) => [checkToken(Number(key), `logit_bias.${key}`, model), value]);
}

function toStopTokens(fields: SharedFields, model: ServedModel): readonly number[] {
  const asked = (fields.stop_token_ids ?? []).map((id, at) => checkToken(id, `stop_token_ids[${at}]`, model));
  return [...new Set([...(fields.ignore_eos ? [] : model.endTokens), ...asked])];
}

function checkToken(id: number, field: string, model: ServedModel): number {
  const { vocabSize } = model.tokenizer;
  if (id < vocabSize) return id;
  const message = `Token id ${id} does not exist: ids of this model are below ${vocabSize}.`;
  throw new OctavoError('invalid_value', message, field);
}
