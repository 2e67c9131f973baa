/** The tokens at which a model ends by itself, as its configuration files say it. */
import { OctavoError } from '../errors.js';

/**
 * `eos_token_id`, a number or a list, of the first of `sources` that has one; none: the model does not say. `vocab`: ids
 * are below it. Throws `invalid_model`.
 */
export function readEndTokens(sources: readonly Readonly<Record<string, unknown>>[], vocab: number): readonly number[] {
  const value = sources.map((source) => source.eos_token_id).find((one) => one !== undefined && one !== null) ?? [];
  const ids: readonly unknown[] = Array.isArray(value) ? value : [value];
  const valid = ids.every((id): id is number => Number.isInteger(id) && Number(id) >= 0 && Number(id) < vocab);
  if (!valid || ids.length > 64) {
    throw new OctavoError('invalid_model', `eos_token_id must be up to 64 token ids below vocab_size ${vocab}.`);
  }
  return ids;
}
