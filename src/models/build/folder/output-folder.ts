/** A folder that appears under its name whole or not at all: written beside it, synced, renamed. */
import { createHash, randomUUID } from 'node:crypto';
import { type FileHandle, lstat, mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { OctavoError } from '../../../errors.js';
import type { Manifest } from '../../manifest.js';

export type FileEntry = Manifest['files'][number];

/** End it with `commit` or `discard`. */
export class OutputFolder {
  readonly #target: string;
  readonly #staging: string;
  readonly #files: FileEntry[] = [];
  readonly #folders: Set<string>;
  readonly #replace: boolean;

  private constructor(target: string, staging: string, replace: boolean) {
    this.#target = target;
    this.#staging = staging;
    this.#folders = new Set([staging]);
    this.#replace = replace;
  }

  /**
   * Throws `invalid_config` when `path` exists and `replace` is false or it is something else than a model folder, or
   * when its parent cannot be written.
   */
  static async create(path: string, replace: boolean): Promise<OutputFolder> {
    const target = resolve(path);
    await checkTarget(target, replace);
    const staging = join(dirname(target), `.${basename(target)}.building-${randomUUID()}`);
    try {
      await mkdir(dirname(target), { recursive: true });
      await mkdir(staging);
      return new OutputFolder(target, staging, replace);
    } catch (error) {
      throw new OctavoError('invalid_config', `${target} cannot be written.`, null, { cause: error });
    }
  }

  /** Where the files are until `commit`. */
  get path(): string {
    return this.#staging;
  }

  /** What has been written, by path. */
  get files(): readonly FileEntry[] {
    return this.#files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  }

  /** Opens a file for writing from its beginning; `path` is relative, with forward slashes. */
  async file(path: string): Promise<OutputFile> {
    const full = join(this.#staging, path);
    await mkdir(dirname(full), { recursive: true });
    this.#folders.add(dirname(full));
    return new OutputFile(await open(full, 'wx'), path, (file) => this.#files.push(file));
  }

  async write(path: string, bytes: Uint8Array): Promise<void> {
    const file = await this.file(path);
    try {
      await file.append(bytes);
      await file.finish();
    } finally {
      await file.close();
    }
  }

  /** Gives the folder its name. An existing one is moved aside first, and back if that fails. */
  async commit(): Promise<void> {
    for (const folder of this.#folders) await syncFolder(folder);
    const occupied = await checkTarget(this.#target, this.#replace);
    const old = `${this.#staging}-old`;
    if (occupied) await rename(this.#target, old);
    try {
      await rename(this.#staging, this.#target);
    } catch (error) {
      if (occupied) await rename(old, this.#target);
      throw error;
    }
    await syncFolder(dirname(this.#target));
    if (occupied) await rm(old, { recursive: true, force: true });
  }

  /** Removes what was written; does nothing after `commit`. */
  discard(): Promise<void> {
    return rm(this.#staging, { recursive: true, force: true });
  }
}

/** A file that is hashed while it is written. */
export class OutputFile {
  readonly #handle: FileHandle;
  readonly #hash = createHash('sha256');
  readonly #path: string;
  readonly #report: (file: FileEntry) => void;
  #bytes = 0;
  #closed = false;

  constructor(handle: FileHandle, path: string, report: (file: FileEntry) => void) {
    this.#handle = handle;
    this.#path = path;
    this.#report = report;
  }

  /** Bytes appended so far. */
  get bytes(): number {
    return this.#bytes;
  }

  async append(bytes: Uint8Array): Promise<void> {
    this.#hash.update(bytes);
    this.#bytes += bytes.length;
    for (let done = 0; done < bytes.length; ) {
      done += (await this.#handle.write(bytes, done, bytes.length - done)).bytesWritten;
    }
  }

  /** Syncs and reports the file; nothing may be appended after it. */
  async finish(): Promise<void> {
    await this.#handle.sync();
    this.#report({ path: this.#path, bytes: this.#bytes, sha256: this.#hash.digest('hex') });
  }

  async close(): Promise<void> {
    if (!this.#closed) await this.#handle.close();
    this.#closed = true;
  }
}

/**
 * Whether something is replaced. Throws `invalid_config` when it must not be. A folder without a manifest is not a model's: a slip of the keyboard must not remove it.
 */
export async function checkTarget(target: string, replace: boolean): Promise<boolean> {
  if (!(await exists(target))) return false;
  if (!replace) {
    throw new OctavoError(
      'invalid_config',
      `${target} exists already; choose another folder, or replace it with --force.`,
    );
  }
  if (!(await exists(join(target, 'manifest.json')))) {
    throw new OctavoError('invalid_config', `${target} is not a model folder (it has no manifest.json); it is kept.`);
  }
  return true;
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

/** Makes names in a folder survive a loss of power; some platforms cannot open a folder, and there it is left out. */
export async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r').catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}
