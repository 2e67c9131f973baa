/** The architectures that can be built. */
import { OctavoError } from '../../../errors.js';
import type { JsonObject } from '../json.js';
import type { Family } from './family.js';
import { llama } from './llama.js';
import { qwen2 } from './qwen2.js';

const families: readonly Family[] = [llama, qwen2];

/** The family that `model_type` names. Throws `unsupported_model` with the list of those there are. */
export function familyOf(config: JsonObject): Family {
  const modelType = config.model_type;
  const family = families.find((candidate) => candidate.modelType === modelType);
  if (family) return family;
  const named = typeof modelType === 'string' ? `the architecture ${modelType.slice(0, 64)}` : 'no model_type';
  const known = families.map((candidate) => candidate.modelType).join(', ');
  throw new OctavoError('unsupported_model', `config.json names ${named}; supported are: ${known}.`);
}
