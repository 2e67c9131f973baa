/** What all families read from config.json in the same way. */
import { z } from 'zod';
import { OctavoError } from '../../../errors.js';
import { describeFaults } from '../../../validation-issue.js';
import type { JsonObject } from '../json.js';

export const size = (max: number) => z.int().positive().max(max);

/** Layers of a model at most, and so the length of lists with an entry for each. */
export const maxLayers = 1024;

/** The fields of a schema. Throws `invalid_model` naming the field at fault. */
export function readFields<Schema extends z.ZodType>(config: JsonObject, schema: Schema): z.infer<Schema> {
  const parsed = schema.safeParse(config);
  if (parsed.success) return parsed.data;
  throw new OctavoError('invalid_model', `config.json: ${describeFaults(parsed.error)}.`);
}

/** A boolean setting of config.json, false when absent. Throws `invalid_model`. */
export function readFlag(config: JsonObject, name: string): boolean {
  const value = config[name] ?? false;
  if (typeof value !== 'boolean') throw new OctavoError('invalid_model', `config.json: ${name} must be true or false.`);
  return value;
}

/** Integers cannot be quantised once more. Throws `unsupported_model`. */
export function refuseQuantised(config: JsonObject): void {
  if (config.quantization_config) refuse('the weights are quantised already; build from the original checkpoint.');
}

/** GroupQueryAttention's heads come in eights (ONNX Runtime). Throws `unsupported_model`. */
export function refuseHeadSize(headDim: number): void {
  if (headDim % 8 !== 0) refuse(`heads of ${headDim} dimensions are not supported; it must be a multiple of 8.`);
}

/** Throws `invalid_model` with the sentence unless it holds. */
export function check(holds: boolean, sentence: string): void {
  if (!holds) throw new OctavoError('invalid_model', `config.json: ${sentence}`);
}

/** Throws `unsupported_model`. */
export function refuse(sentence: string): never {
  throw new OctavoError('unsupported_model', `config.json: ${sentence}`);
}
