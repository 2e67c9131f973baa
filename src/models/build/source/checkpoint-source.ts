/** A model source read from a Hugging Face folder. */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { type JsonObject, parseJsonObject, readBounded, readJsonObject } from '../json.js';
import { Checkpoint } from '../weights/checkpoint.js';
import { checkCheckpointFolder } from './checkpoint-folder.js';
import { jsonBytes, type ModelSource } from './model-source.js';
import { readSentenceModules } from './sentence-modules.js';

const maxJsonBytes = 4 * 1024 * 1024;
const maxTokenizerBytes = 64 * 1024 * 1024;

/** Files that are copied when the folder has them. */
const optionalFiles = ['chat_template.jinja', 'special_tokens_map.json', 'moderation.json', 'golden.json'];

/** Throws `invalid_model` or `unsupported_model`; opens the weights last, so a failure leaves nothing open. */
export async function openCheckpointSource(folder: string): Promise<ModelSource> {
  const config = await readConfig(folder);
  const generation = await readGeneration(folder, config);
  const modules = await readSentenceModules((name) => readOptional(folder, name));
  const files = new Map<string, Uint8Array>();
  const tokenizer = await readBounded(join(folder, 'tokenizer.json'), maxTokenizerBytes);
  parseJsonObject(tokenizer, 'tokenizer.json');
  files.set('tokenizer.json', tokenizer);
  files.set('tokenizer_config.json', (await readOptional(folder, 'tokenizer_config.json')) ?? jsonBytes({}));
  for (const name of optionalFiles) {
    const bytes = await readOptional(folder, name);
    if (bytes) files.set(name, bytes);
  }
  const card = (await readOptional(folder, 'MODEL_CARD.md')) ?? (await readOptional(folder, 'README.md'));
  if (card) files.set('MODEL_CARD.md', card);
  return { config, generation, modules, files, weights: await Checkpoint.open(folder) };
}

/** Throws `invalid_model`; for a folder that is no checkpoint it says what is there. */
export async function readConfig(folder: string): Promise<JsonObject> {
  await checkCheckpointFolder(folder);
  return readJsonObject(join(folder, 'config.json'), maxJsonBytes);
}

/** Without a generation_config.json, the tokens that config.json names. */
async function readGeneration(folder: string, config: JsonObject): Promise<JsonObject> {
  const bytes = await readOptional(folder, 'generation_config.json');
  if (bytes) return parseJsonObject(bytes, 'generation_config.json');
  const names = ['bos_token_id', 'eos_token_id', 'pad_token_id'];
  return Object.fromEntries(names.filter((name) => config[name] !== undefined).map((name) => [name, config[name]]));
}

/** `null`: there is none. Throws `invalid_model`. */
export async function readOptional(folder: string, name: string): Promise<Uint8Array | null> {
  const path = join(folder, name);
  const found = await access(path).then(
    () => true,
    () => false,
  );
  return found ? readBounded(path, maxJsonBytes) : null;
}
