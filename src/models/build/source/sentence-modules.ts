/** What sentence-transformers keeps beside a checkpoint: how the states of tokens become the vector of a text. */
import { join } from 'node:path/posix';
import { z } from 'zod';
import { OctavoError } from '../../../errors.js';
import { describeFaults } from '../../../validation-issue.js';
import type { Pooling } from '../graph/pooling.js';
import { type JsonObject, parseJsonObject } from '../json.js';

export interface SentenceModules {
  readonly pooling: Pooling;
  readonly normalise: boolean;
  /** The longest text in tokens; null: what the model can read. */
  readonly maxTokens: number | null;
}

/** What sentence-transformers does with a checkpoint that says nothing. */
export const plainModules: SentenceModules = { pooling: 'mean', normalise: false, maxTokens: null };

/** A file of the folder, or of one in it, by its path there; `null`: there is none. Throws `invalid_model`. */
export type ReadFile = (name: string) => Promise<Uint8Array | null>;

/** A module's folder stands inside the checkpoint's. */
const moduleSchema = z.object({
  path: z.string().regex(/^(?!\.\.?$)[A-Za-z0-9_.-]*$/, 'not a plain folder name'),
  type: z.string().max(256),
});
const modulesSchema = z.array(moduleSchema).min(1).max(16);

const poolings: ReadonlyMap<string, Pooling> = new Map([
  ['pooling_mode_cls_token', 'cls'],
  ['pooling_mode_mean_tokens', 'mean'],
  ['pooling_mode_mean_sqrt_len_tokens', 'mean-sqrt'],
  ['pooling_mode_max_tokens', 'max'],
  ['pooling_mode_lasttoken', 'last'],
]);

/** null: the folder has no modules.json. Throws `invalid_model`, or `unsupported_model` for modules that are not built. */
export async function readSentenceModules(read: ReadFile): Promise<SentenceModules | null> {
  const listed = await read('modules.json');
  if (listed === null) return null;
  let modules = plainModules;
  for (const { type, path } of parseModules(listed)) {
    switch (type.split('.').at(-1)) {
      case 'Transformer':
        modules = { ...modules, maxTokens: await readMaxTokens(read, path) };
        break;
      case 'Pooling':
        modules = { ...modules, pooling: await readPooling(read, path) };
        break;
      case 'Normalize':
        modules = { ...modules, normalise: true };
        break;
      default:
        throw new OctavoError(
          'unsupported_model',
          `modules.json: ${type} is not supported; Transformer, Pooling and Normalize are.`,
        );
    }
  }
  return modules;
}

/** A list at the top, which `parseJsonObject` does not take by itself. */
function parseModules(bytes: Uint8Array): z.infer<typeof modulesSchema> {
  const text = new TextDecoder().decode(bytes);
  const wrapped = parseJsonObject(new TextEncoder().encode(`{"modules":${text}}`), 'modules.json');
  const parsed = modulesSchema.safeParse(wrapped.modules);
  if (parsed.success) return parsed.data;
  throw new OctavoError('invalid_model', `modules.json: ${describeFaults(parsed.error)}.`);
}

const lengthSchema = z.object({
  max_seq_length: z
    .int()
    .positive()
    .max(1 << 22)
    .nullish(),
});

async function readMaxTokens(read: ReadFile, folder: string): Promise<number | null> {
  const name = join(folder, 'sentence_bert_config.json');
  const bytes = await read(name);
  if (bytes === null) return null;
  const parsed = lengthSchema.safeParse(parseJsonObject(bytes, name));
  if (parsed.success) return parsed.data.max_seq_length ?? null;
  throw new OctavoError('invalid_model', 'sentence_bert_config.json: max_seq_length must be a whole number above 0.');
}

async function readPooling(read: ReadFile, folder: string): Promise<Pooling> {
  const name = join(folder, 'config.json');
  const bytes = await read(name);
  if (bytes === null) throw new OctavoError('invalid_model', `${name} is missing; the model folder must have it.`);
  return poolingOf(parseJsonObject(bytes, name));
}

function poolingOf(config: JsonObject): Pooling {
  const chosen = Object.entries(config).filter(([name, value]) => /^pooling_mode_/.test(name) && value === true);
  const [only, ...others] = chosen.map(([name]) => name);
  const pooling = poolings.get(only ?? '');
  if (pooling !== undefined && others.length === 0) return pooling;
  const named = chosen.length === 0 ? 'no pooling mode' : chosen.map(([name]) => name).join(' and ');
  throw new OctavoError(
    'unsupported_model',
    `The pooling module asks for ${named.slice(0, 256)}; supported is one of ${[...poolings.keys()].join(', ')}.`,
  );
}
