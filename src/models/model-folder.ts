/** Opens a model folder that `octavo build` wrote: the files of its manifest, each as it was built, and the receipt. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat } from 'node:fs/promises';
import path from 'node:path';
import { OctavoError } from '../errors.js';
import { describeFaults } from '../validation-issue.js';
import { parseJsonObject, readBounded } from './build/json.js';
import { type Manifest, manifestSchema } from './manifest.js';
import { type FindFile, inspectGraph } from './onnx-file/inspect-graph.js';
import type { Receipt } from './receipt/receipt.js';
import { readReceipt } from './receipt/receipt-file.js';
import { unusable } from './unusable.js';

export interface ModelFolder {
  readonly manifest: Manifest;
  /** Absolute path of the ONNX graph. */
  readonly graph: string;
  /** Absolute path of an encoder-decoder's other graph; `null`: there is only one. */
  readonly encoderGraph: string | null;
  /** Seconds since the epoch at which the manifest was written. */
  readonly created: number;
  /** `null` when the folder has none. Throws `invalid_model` for one that is no receipt, or another build's. */
  readReceipt(): Promise<Receipt | null>;
  /** A JSON file of the manifest; `null` when the folder has none of that name. Throws `invalid_model`. */
  readJson(name: string): Promise<Record<string, unknown> | null>;
  readText(name: string): Promise<string | null>;
}

/** Bytes of a JSON file or a text at most: the largest vocabularies have about 30 MiB. */
const maxTextBytes = 128 * 2 ** 20;
const maxManifestBytes = 2 ** 20;

/**
 * Throws `invalid_model` naming the file: no folder, no manifest, a file missing, linked, changed or not listed, a graph
 * that leads elsewhere.
 */
export async function openModelFolder(folder: string): Promise<ModelFolder> {
  const root = path.resolve(folder);
  const manifestFile = path.join(root, 'manifest.json');
  const manifest = await readManifest(manifestFile);
  for (const file of manifest.files) await checkFile(path.join(root, file.path), file);
  const listed = new Map(manifest.files.map((file) => [path.join(root, file.path), file]));
  const graphs = [manifest.graph, ...(manifest.encoder ? [manifest.encoder.graph] : [])];
  const unlisted = graphs.find((graph) => !listed.has(path.join(root, graph)));
  if (unlisted !== undefined) throw unusable(manifestFile, `its graph "${unlisted}" is not among its files`);
  const find: FindFile = async (file) => listed.get(file) ?? { fault: 'the manifest does not list it' };
  for (const graph of graphs) await inspectGraph(path.join(root, graph), find);
  const readText = async (name: string) => {
    const file = manifest.files.find((one) => one.path === name);
    return file ? new TextDecoder().decode(await readBounded(path.join(root, name), maxTextBytes)) : null;
  };
  return {
    manifest,
    graph: path.join(root, manifest.graph),
    encoderGraph: manifest.encoder ? path.join(root, manifest.encoder.graph) : null,
    created: Math.floor((await lstat(manifestFile)).mtimeMs / 1000),
    readReceipt: () => readReceipt(root, manifest),
    readText,
    readJson: async (name) => {
      const text = await readText(name);
      return text === null ? null : parseJsonObject(new TextEncoder().encode(text), path.join(root, name));
    },
  };
}

async function readManifest(file: string): Promise<Manifest> {
  if ((await lstat(file).catch(() => null)) === null) {
    const message = `No model at ${path.dirname(file)}: it has no manifest.json. Build one with "octavo build".`;
    throw new OctavoError('invalid_model', message);
  }
  const result = manifestSchema.safeParse(parseJsonObject(await readBounded(file, maxManifestBytes), file));
  if (!result.success) throw unusable(file, describeFaults(result.error));
  return result.data;
}

async function checkFile(file: string, expected: Manifest['files'][number]): Promise<void> {
  const stats = await lstat(file).catch(() => null);
  if (stats === null) throw unusable(file, 'it is missing');
  // A symbolic link could lead out of the folder. A hard link is as good as a copy: package stores make them.
  if (!stats.isFile()) throw unusable(file, 'it is not a plain file');
  if (stats.size !== expected.bytes)
    throw unusable(file, `it has ${stats.size} bytes, the manifest says ${expected.bytes}`);
  if ((await sha256(file)) !== expected.sha256)
    throw unusable(file, 'its content is not what was built (SHA-256 differs)');
}

async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
