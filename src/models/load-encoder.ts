/** Loads an encoder for serving: what it gives for a text, its tokenizer, and the engine in its worker thread. */
import type { DeviceName } from '../device-name.js';
import { OctavoError } from '../errors.js';
import type { EncoderEngine } from './encoder/encode-step.js';
import { EncoderReplica } from './encoder/replica.js';
import { type LoadOptions, replicaDevices } from './load-options.js';
import type { EncoderPlan, FolderFiles, ServedFolder } from './served-folder.js';
import type { ServedEncoder } from './served-model.js';
import { EncoderTokenizer } from './tokenizer/encoder-tokenizer.js';

export interface LoadedEncoder {
  readonly kind: 'encoder';
  readonly model: ServedEncoder;
  readonly engine: EncoderEngine;
  /** It has no KV cache. */
  readonly kvMemory: 0;
  /** The folder's moderation.json: what the labels mean where the model screens texts. `null`: it has none. */
  readonly moderation: Record<string, unknown> | null;
  close(): Promise<void>;
}

/** Throws `invalid_model`, `unsupported_model` or `runtime_unavailable`, each naming what is wrong. */
export async function openEncoder(
  folder: ServedFolder,
  { vocab, context, head, shape }: EncoderPlan,
  options: LoadOptions,
): Promise<LoadedEncoder> {
  const contextLength = Math.min(options.context, context);
  const receipt = await folder.readReceipt();
  const moderation = await folder.readJson('moderation.json');
  const tokenizer = await loadEncoderTokenizer(folder, vocab);
  // Last: from here on there is a thread to end.
  const { replica, info } = await EncoderReplica.start(
    {
      graph: folder.graph,
      shape,
      runtime: options.runtime,
      device: replicaDevices(options)[0]!.split('+')[0] as DeviceName,
      precision: folder.precision,
      threads: options.threads,
      profile: options.profile,
    },
    { rows: options.rows, capacity: contextLength },
  );
  const model: ServedEncoder = {
    id: options.name ?? folder.name,
    created: folder.created,
    architecture: folder.architecture,
    precision: folder.precision,
    contextLength,
    head,
    tokenizer,
    runtime: info,
    remarks: folder.remarks,
    receipt,
  };
  const close = async () => {
    // A broken engine has nothing left to close but its thread.
    await replica.close().catch(() => {});
    await tokenizer.close();
  };
  return { kind: 'encoder', model, engine: replica, kvMemory: 0, moderation, close };
}

/** Throws `invalid_model` when the folder has no usable tokenizer, `unsupported_model` for one that is not known. */
export async function loadEncoderTokenizer(folder: FolderFiles, vocab: number): Promise<EncoderTokenizer> {
  const tokenizer = await folder.readJson('tokenizer.json');
  if (tokenizer === null) throw new OctavoError('invalid_model', 'The model folder has no tokenizer.json.');
  const config = (await folder.readJson('tokenizer_config.json')) ?? {};
  return new EncoderTokenizer({ tokenizer, config }, vocab);
}
