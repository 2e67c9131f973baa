/** The architectures that can be built. */
import { OctavoError } from '../../../errors.js';
import type { JsonObject } from '../json.js';
import { bert } from './bert.js';
import { distilbert } from './distilbert.js';
import type { Family } from './family.js';
import { gemma } from './gemma.js';
import { gemma2 } from './gemma2.js';
import { gemma3 } from './gemma3.js';
import { gptNeox } from './gpt-neox.js';
import { gpt2 } from './gpt2.js';
import { llama } from './llama.js';
import { mistral } from './mistral.js';
import { modernbert } from './modernbert.js';
import { mpnet } from './mpnet.js';
import { opt } from './opt.js';
import { phi3 } from './phi3.js';
import { qwen2 } from './qwen2.js';
import { qwen3 } from './qwen3.js';
import { roberta, xlmRoberta } from './roberta.js';
import { smollm3 } from './smollm3.js';
import { t5 } from './t5.js';

const families: readonly Family[] = [
  llama,
  mistral,
  qwen2,
  qwen3,
  smollm3,
  phi3,
  gemma,
  gemma2,
  gemma3,
  gpt2,
  gptNeox,
  opt,
  t5,
  bert,
  distilbert,
  roberta,
  xlmRoberta,
  mpnet,
  modernbert,
];

/** The family that `model_type` names. Throws `unsupported_model` with the list of those there are. */
export function familyOf(config: JsonObject): Family {
  const modelType = config.model_type;
  const family = families.find((candidate) => candidate.modelType === modelType);
  if (family) return family;
  const named = typeof modelType === 'string' ? `the architecture ${modelType.slice(0, 64)}` : 'no model_type';
  const known = families.map((candidate) => candidate.modelType).join(', ');
  throw new OctavoError('unsupported_model', `config.json names ${named}; supported are: ${known}.`);
}
