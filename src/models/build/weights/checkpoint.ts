/** The weights of a Hugging Face folder: model.safetensors, or shards named by model.safetensors.index.json. */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { OctavoError } from '../../../errors.js';
import { readJsonObject } from '../json.js';
import { SafetensorsFile } from './safetensors.js';
import type { Weights } from './weights.js';

const indexName = 'model.safetensors.index.json';
const maxIndexBytes = 16 * 1024 * 1024;
const maxShards = 1024;

/** A shard stands beside its index: a plain file name, never a path. */
const indexSchema = z.object({ weight_map: z.record(z.string(), z.string().regex(/^[A-Za-z0-9_-][\w.-]*$/)) });

/** Tensors of one or several files under their names. */
export class Checkpoint implements Weights {
  readonly #files: readonly SafetensorsFile[];
  readonly #homes: ReadonlyMap<string, SafetensorsFile>;

  private constructor(files: readonly SafetensorsFile[], homes: ReadonlyMap<string, SafetensorsFile>) {
    this.#files = files;
    this.#homes = homes;
  }

  /** Opens every file and checks its header. Throws `invalid_model` or `unsupported_model`. */
  static async open(folder: string): Promise<Checkpoint> {
    const single = join(folder, 'model.safetensors');
    if (await exists(single)) {
      const file = await SafetensorsFile.open(single);
      return new Checkpoint([file], new Map(Array.from(file.names(), (name) => [name, file])));
    }
    if (!(await exists(join(folder, indexName)))) {
      throw new OctavoError('invalid_model', `The folder has neither model.safetensors nor ${indexName}.`);
    }
    return Checkpoint.#openShards(folder);
  }

  static async #openShards(folder: string): Promise<Checkpoint> {
    const parsed = indexSchema.safeParse(await readJsonObject(join(folder, indexName), maxIndexBytes));
    if (!parsed.success) {
      throw new OctavoError('invalid_model', `${indexName} must map each tensor to a file name in weight_map.`);
    }
    const places = Object.entries(parsed.data.weight_map);
    const names = [...new Set(places.map(([, file]) => file))].sort();
    if (names.length > maxShards) {
      throw new OctavoError('invalid_model', `${indexName} names ${names.length} files; at most ${maxShards}.`);
    }
    const files = new Map<string, SafetensorsFile>();
    try {
      for (const name of names) files.set(name, await SafetensorsFile.open(join(folder, name)));
      return new Checkpoint([...files.values()], new Map(places.map(([tensor, name]) => home(tensor, name, files))));
    } catch (error) {
      await Promise.all(Array.from(files.values(), (file) => file.close()));
      throw error;
    }
  }

  expect(name: string, shape: readonly number[]): void {
    const entry = this.#homes.get(name)?.entry(name);
    if (!entry) throw new OctavoError('invalid_model', `The checkpoint has no tensor ${name}, shape [${shape}].`);
    if (entry.shape.length !== shape.length || entry.shape.some((dimension, i) => dimension !== shape[i])) {
      throw new OctavoError(
        'invalid_model',
        `Tensor ${name} has shape [${entry.shape}]; config.json asks for [${shape}].`,
      );
    }
  }

  has(name: string): boolean {
    return this.#homes.has(name);
  }

  read(name: string, start: number, count: number): Promise<Float32Array> {
    const file = this.#homes.get(name);
    const entry = file?.entry(name);
    if (!file || !entry) throw new OctavoError('invalid_model', `The checkpoint has no tensor ${name}.`);
    return file.read(entry, start, count);
  }

  async close(): Promise<void> {
    await Promise.all(this.#files.map((file) => file.close()));
  }
}

function home(tensor: string, name: string, files: ReadonlyMap<string, SafetensorsFile>): [string, SafetensorsFile] {
  const file = files.get(name);
  if (!file?.entry(tensor)) {
    throw new OctavoError('invalid_model', `${indexName} puts tensor ${tensor} into ${name}, which does not have it.`);
  }
  return [tensor, file];
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
