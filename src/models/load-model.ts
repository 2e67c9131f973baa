/** Loads a model folder for serving: its names and limits, its tokenizer, and the engine in its worker thread. */
import { z } from 'zod';
import type { DeviceName } from '../device-name.js';
import { OctavoError } from '../errors.js';
import { describeFaults } from '../validation-issue.js';
import { describeReduction, planKvMemory, tokenBytes } from './decoder/kv-memory.js';
import { slotBytes } from './decoder/kv-pool.js';
import { DecoderReplica } from './decoder/replica.js';
import type { DecoderEngine } from './decoder/step.js';
import { type LoadedEncoder, openEncoder } from './load-encoder.js';
import { type LoadOptions, mostOnOneDevice, replicaDevices } from './load-options.js';
import { openFolder } from './open-folder.js';
import { useOrtLibrary } from './runtime/ort-library.js';
import type { DecoderPlan, FolderFiles, ServedFolder } from './served-folder.js';
import type { ServedModel } from './served-model.js';
import { JinjaChatTemplate, type SpecialTokens } from './tokenizer/chat-template.js';
import { ModelTokenizer } from './tokenizer/tokenizer.js';

export interface LoadedDecoder {
  readonly kind: 'decoder';
  readonly model: ServedModel;
  /** The first of `replicas`. */
  readonly engine: DecoderEngine;
  readonly replicas: readonly DecoderEngine[];
  /** MiB that the KV caches of the replicas on one device take at most. */
  readonly kvMemory: number;
  /** The folder's moderation.json: how the model is asked where it screens texts. `null`: it has none. */
  readonly moderation: Record<string, unknown> | null;
  close(): Promise<void>;
}

export type LoadedModel = LoadedDecoder | LoadedEncoder;

/** Throws `invalid_model`, `unsupported_model` or `runtime_unavailable`, each naming what is wrong. */
export async function loadModel(options: LoadOptions): Promise<LoadedModel> {
  useOrtLibrary(options.ortLibrary ?? null);
  const folder = await openFolder(options.folder);
  const { plan } = folder;
  return plan.kind === 'decoder' ? openDecoder(folder, plan, options) : openEncoder(folder, plan, options);
}

/** Loads a model that generates. Throws as `loadModel`, and `unsupported_model` for one of another kind. */
export async function loadDecoder(options: LoadOptions): Promise<LoadedDecoder> {
  const folder = await openFolder(options.folder);
  const { name, plan } = folder;
  if (plan.kind === 'decoder') return openDecoder(folder, plan, options);
  throw new OctavoError('unsupported_model', `The model ${name} generates no text: its task is "${plan.head.task}".`);
}

async function openDecoder(folder: ServedFolder, plan: DecoderPlan, options: LoadOptions): Promise<LoadedDecoder> {
  const devices = replicaDevices(options);
  const sharing = mostOnOneDevice(devices);
  const isWhole = plan.encoder !== undefined || plan.ports?.passing === 'growing';
  if (isWhole && devices.some((name) => name.includes('+'))) {
    const message = `The model ${folder.name} cannot be cut into groups of layers: only graphs that read and write one cache in place can.`;
    throw new OctavoError('unsupported_model', message);
  }
  const asked = { rows: options.rows, capacity: Math.min(options.context, plan.shape.context) };
  const budget = ((options.kvMemory ?? Infinity) * 2 ** 20) / sharing;
  // An encoder-decoder holds the prompt's keys and values beside the output's, a cache that grows its old ones.
  const perToken = tokenBytes(plan.shape) * (plan.encoder || plan.ports?.passing === 'growing' ? 2 : 1);
  const { rows, capacity } = planKvMemory(asked, perToken, budget);
  const reduction = describeReduction(asked, { rows, capacity }, budget);
  const kvMemory = (rows * capacity * perToken * sharing) / 2 ** 20;
  const chatTemplate = await loadChatTemplate(folder);
  const defaults = readDefaults(folder.generation);
  const receipt = await folder.readReceipt();
  const moderation = await folder.readJson('moderation.json');
  const { encoder, ports } = plan;
  const tokenizer = await loadTokenizer(folder, plan.shape.vocab, { ownTexts: encoder !== undefined });
  const slots = Math.floor(((options.prefixCache ?? 0) * 2 ** 20) / slotBytes(plan.shape));
  // Last: from here on there are threads to end.
  const { replicas, runtime } = await startReplicas(devices, {
    graph: folder.graph,
    shape: {
      ...{ ...plan.shape, rows, capacity },
      slots: ports?.passing === 'growing' ? 0 : slots,
    },
    ...(encoder && { encoder }),
    ...(ports && { ports }),
    runtime: options.runtime,
    precision: folder.precision,
    threads: Math.max(1, Math.floor(options.threads / devices.length)),
    profile: options.profile,
  });
  const [engine] = replicas;
  const model: ServedModel = {
    id: options.name ?? folder.name,
    created: folder.created,
    architecture: folder.architecture,
    precision: folder.precision,
    contextLength: capacity,
    encodesPrompts: engine.encodesPrompts,
    kvCache: plan.shape.element ?? 'float32',
    endTokens: plan.endTokens,
    tokenizer,
    chatTemplate,
    defaults,
    runtime,
    remarks: reduction === null ? folder.remarks : [...folder.remarks, reduction],
    receipt,
  };
  const close = async () => {
    // A broken engine has nothing left to close but its thread.
    await Promise.all(replicas.map((replica) => replica.close().catch(() => {})));
    await tokenizer.close();
  };
  return { kind: 'decoder', model, engine, replicas, kvMemory, moderation, close };
}

/** One on each device, one after the other: loading takes the most memory. All of them, or none. */
async function startReplicas(
  [first, ...others]: readonly DeviceName[],
  setup: Omit<Parameters<typeof DecoderReplica.start>[0], 'device'>,
) {
  const started = await DecoderReplica.start({ ...setup, device: first! });
  const replicas: [DecoderReplica, ...DecoderReplica[]] = [started.replica];
  const providers = [...started.info.devices];
  try {
    for (const device of others) {
      const { replica, info } = await DecoderReplica.start({ ...setup, device });
      replicas.push(replica);
      providers.push(...info.devices);
    }
    return { replicas, runtime: { ...started.info, devices: providers } };
  } catch (error) {
    await Promise.all(replicas.map((replica) => replica.close()));
    throw error;
  }
}

/** Throws `invalid_model` when the folder has no usable tokenizer. */
export async function loadTokenizer(
  folder: FolderFiles,
  vocab: number,
  options: { readonly ownTexts?: boolean } = {},
): Promise<ModelTokenizer> {
  const tokenizer = await folder.readJson('tokenizer.json');
  if (tokenizer === null) throw new OctavoError('invalid_model', 'The model folder has no tokenizer.json.');
  const config = (await folder.readJson('tokenizer_config.json')) ?? {};
  return new ModelTokenizer({ tokenizer, config }, vocab, options);
}

const tokenSchema = z.union([z.string(), z.object({ content: z.string() }).transform(({ content }) => content)]);

/** `null`: the model has no chat template. Throws `invalid_model` when it does not parse. */
export async function loadChatTemplate(folder: FolderFiles): Promise<JinjaChatTemplate | null> {
  const config = (await folder.readJson('tokenizer_config.json')) ?? {};
  const source = (await folder.readText('chat_template.jinja')) ?? config.chat_template;
  if (typeof source !== 'string') return null;
  const tokens: Record<string, string> = {};
  for (const name of ['bos_token', 'eos_token', 'pad_token', 'unk_token']) {
    const token = tokenSchema.safeParse(config[name]);
    if (token.success) tokens[name] = token.data;
  }
  return new JinjaChatTemplate(source, tokens satisfies SpecialTokens);
}

const generationSchema = z.object({
  do_sample: z.boolean().nullish(),
  temperature: z.number().nonnegative().max(2).nullish(),
  top_p: z.number().positive().max(1).nullish(),
  top_k: z.int().nonnegative().nullish(),
});

/** generation_config.json's sampling values; a model that says `do_sample: false` is greedy by default. */
function readDefaults(generation: ServedFolder['generation']): ServedModel['defaults'] {
  const result = generationSchema.safeParse(generation);
  if (!result.success)
    throw new OctavoError('invalid_model', `generation_config.json: ${describeFaults(result.error)}`);
  const { do_sample, temperature, top_p, top_k } = result.data;
  if (do_sample === false) return { temperature: 0 };
  return {
    ...(temperature == null ? {} : { temperature }),
    ...(top_p == null ? {} : { topP: top_p }),
    ...(top_k == null ? {} : { topK: top_k }),
  };
}
