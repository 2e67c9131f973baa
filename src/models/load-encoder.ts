/** Loads an encoder for serving: what it gives for a text, its tokenizer, and the engine in its worker thread. */
import { OctavoError } from '../errors.js';
import type { EncoderEngine } from './encoder/encode-step.js';
import type { EncoderShape } from './encoder/encoder.js';
import { EncoderReplica } from './encoder/replica.js';
import type { LoadOptions } from './load-options.js';
import type { Manifest } from './manifest.js';
import type { ModelFolder } from './model-folder.js';
import type { EncoderHead, ServedEncoder } from './served-model.js';
import { EncoderTokenizer } from './tokenizer/encoder-tokenizer.js';

export interface LoadedEncoder {
  readonly kind: 'encoder';
  readonly model: ServedEncoder;
  readonly engine: EncoderEngine;
  close(): Promise<void>;
}

/** Throws `invalid_model`, `unsupported_model` or `runtime_unavailable`, each naming what is wrong. */
export async function openEncoder(folder: ModelFolder, options: LoadOptions): Promise<LoadedEncoder> {
  const { manifest } = folder;
  const [head, shape] = [readHead(manifest), encoderShape(manifest)];
  const contextLength = Math.min(options.context, manifest.shape.context);
  const receipt = await folder.readReceipt();
  const tokenizer = await loadEncoderTokenizer(folder);
  // Last: from here on there is a thread to end.
  const { replica, info } = await EncoderReplica.start(
    {
      graph: folder.graph,
      shape,
      runtime: options.runtime,
      provider: options.provider,
      threads: options.threads,
    },
    { rows: options.rows, capacity: contextLength },
  );
  const model: ServedEncoder = {
    id: options.name ?? manifest.name,
    created: folder.created,
    architecture: manifest.architecture,
    precision: manifest.precision,
    contextLength,
    head,
    tokenizer,
    runtime: info,
    receipt,
  };
  const close = async () => {
    // A broken engine has nothing left to close but its thread.
    await replica.close().catch(() => {});
    await tokenizer.close();
  };
  return { kind: 'encoder', model, engine: replica, close };
}

/** Throws `invalid_model` when the folder has no usable tokenizer, `unsupported_model` for one that is not known. */
export async function loadEncoderTokenizer(folder: ModelFolder): Promise<EncoderTokenizer> {
  const tokenizer = await folder.readJson('tokenizer.json');
  if (tokenizer === null) throw new OctavoError('invalid_model', 'The model folder has no tokenizer.json.');
  const config = (await folder.readJson('tokenizer_config.json')) ?? {};
  return new EncoderTokenizer({ tokenizer, config }, folder.manifest.shape.vocab);
}

function readHead({ task, name, labels = [], dimensions = 0, scores }: Manifest): EncoderHead {
  if (task === 'tag') {
    throw new OctavoError('unsupported_model', `The model ${name} labels single tokens, which is not served yet.`);
  }
  return task === 'embed' ? { task, dimensions } : { task: 'classify', labels, scores: scores ?? 'softmax' };
}

/** What the graph of an encoder gives. Throws `invalid_model` for a manifest without it. */
export function encoderShape(manifest: Manifest): EncoderShape {
  const { task, name, dimensions, labels } = manifest;
  if (task === 'embed' && dimensions !== undefined) return { output: 'sentence_embedding', width: dimensions };
  if (task !== 'embed' && labels !== undefined) {
    return { output: 'logits', width: labels.length, perToken: task === 'tag' };
  }
  const missing = task === 'embed' ? 'dimensions' : 'labels';
  throw new OctavoError('invalid_model', `The manifest of ${name} has the task "${task}" but no ${missing}.`);
}
