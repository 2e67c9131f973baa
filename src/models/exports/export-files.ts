/** The files of an export: which ONNX files there are, and its small files, each checked before it is read. */
import { lstat, readdir, realpath } from 'node:fs/promises';
import path from 'node:path';
import { OctavoError } from '../../errors.js';
import { type JsonObject, parseJsonObject, readBounded } from '../build/json.js';
import { unusable } from '../unusable.js';
import { inspectPlainFile } from './plain-file.js';

/** Bytes of a JSON file or a text at most: the largest vocabularies have about 30 MiB. */
const maxTextBytes = 128 * 2 ** 20;

export class ExportFiles {
  /** Absolute, without links in it. */
  readonly root: string;
  /** ONNX files and JSON files by their paths in the folder, with forward slashes: of its top, and of `onnx/`. */
  readonly paths: ReadonlySet<string>;

  /** Throws `invalid_model` when there is no such folder. */
  static async open(folder: string): Promise<ExportFiles> {
    const root = await realpath(folder).catch((error: unknown) => {
      throw new OctavoError('invalid_model', `No model at ${path.resolve(folder)}: there is no such folder.`, null, {
        cause: error,
      });
    });
    const top = await list(root);
    const inner = (await list(path.join(root, 'onnx'))).map((name) => `onnx/${name}`);
    return new ExportFiles(root, new Set([...top, ...inner]));
  }

  private constructor(root: string, paths: ReadonlySet<string>) {
    this.root = root;
    this.paths = paths;
  }

  /** Bytes of a file beside a graph, by its absolute path, or why it cannot be used. */
  readonly find = (file: string) => inspectPlainFile(this.root, file);

  /** The absolute path of a file that may be opened. Throws `invalid_model`. */
  async check(name: string): Promise<string> {
    const file = path.join(this.root, name);
    const found = await this.find(file);
    if ('fault' in found) throw unusable(file, found.fault);
    return file;
  }

  /** A small file of the folder, or of one in it. `null`: there is none. Throws `invalid_model`. */
  async read(name: string): Promise<Uint8Array | null> {
    const found = await lstat(path.join(this.root, name)).catch(() => null);
    return found === null ? null : readBounded(await this.check(name), maxTextBytes);
  }

  /** `null`: there is none. Throws `invalid_model`. */
  async readText(name: string): Promise<string | null> {
    const bytes = await this.read(name);
    return bytes === null ? null : new TextDecoder().decode(bytes);
  }

  /** `null`: there is none. Throws `invalid_model`. */
  async readJson(name: string): Promise<JsonObject | null> {
    const bytes = await this.read(name);
    return bytes === null ? null : parseJsonObject(bytes, path.join(this.root, name));
  }
}

/** Names in a folder; none where there is no folder. */
async function list(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch(() => []);
}
