/** A folder that is fetched under a hidden name beside its own, kept when the fetching is cut, renamed when it is whole. */
import { lstat, mkdir, readdir, readFile, rename, rm, statfs, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { OctavoError } from '../../errors.js';
import { syncFolder } from '../build/folder/output-folder.js';
import { FileLock } from './file-lock.js';
import { type PullRecord, pullRecordSchema, recordName, sharedPaths } from './pull-record.js';

/** End it with `commit` or `close`. */
export class PullFolder {
  readonly #target: string;
  readonly #lock: FileLock;
  /** Where the files are until `commit`. */
  readonly path: string;

  private constructor(target: string, path: string, lock: FileLock) {
    this.#target = target;
    this.path = path;
    this.#lock = lock;
  }

  /**
   * Keeps of an earlier run the files that `record` lists too, and nothing else. Throws `invalid_config` when the target
   * exists, cannot be written, or another process fetches it.
   */
  static async open(path: string, record: PullRecord): Promise<PullFolder> {
    const target = resolve(path);
    const hidden = join(dirname(target), `.${basename(target)}.pulling`);
    await mkdir(dirname(target), { recursive: true }).catch((error) => refuseTarget(target, error));
    const lock = await FileLock.take(`${hidden}.lock`);
    try {
      await refuseExisting(target);
      await mkdir(hidden, { recursive: true });
      await keepOnly(hidden, await sharedWith(hidden, record));
      await writeFile(join(hidden, recordName), `${JSON.stringify(record, null, 2)}\n`);
      return new PullFolder(target, hidden, lock);
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /** Bytes of the record's files that are here already. */
  async presentBytes(record: PullRecord): Promise<number> {
    const sizes = record.files.map(async ({ path }) => (await sizeOf(join(this.path, path))) ?? 0);
    return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  }

  /** Bytes that the disk has left. */
  async freeBytes(): Promise<number> {
    const { bavail, bsize } = await statfs(this.path);
    return bavail * bsize;
  }

  /** Gives the folder its name. */
  async commit(): Promise<void> {
    const folders = (await walk(this.path)).map((file) => dirname(join(this.path, file)));
    for (const folder of new Set(folders)) await syncFolder(folder);
    await refuseExisting(this.#target);
    await rename(this.path, this.#target);
    await syncFolder(dirname(this.#target));
  }

  /** Leaves nothing for the next run. */
  discard(): Promise<void> {
    return rm(this.path, { recursive: true, force: true });
  }

  /** Lets the next run go on with what is here. */
  close(): Promise<void> {
    return this.#lock.release();
  }
}

async function sharedWith(folder: string, record: PullRecord): Promise<ReadonlySet<string>> {
  try {
    const earlier = pullRecordSchema.parse(JSON.parse(await readFile(join(folder, recordName), 'utf8')));
    return sharedPaths(earlier, record.files);
  } catch {
    return new Set();
  }
}

async function keepOnly(folder: string, kept: ReadonlySet<string>): Promise<void> {
  for (const file of await walk(folder)) if (!kept.has(file)) await rm(join(folder, file), { recursive: true });
}

/** Everything below a folder that is not a folder, with forward slashes. */
async function walk(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'));
}

async function refuseExisting(target: string): Promise<void> {
  if ((await sizeOf(target)) === null) return;
  throw new OctavoError('invalid_config', `${target} exists already; choose another folder with --out, or remove it.`);
}

function refuseTarget(target: string, cause: unknown): never {
  throw new OctavoError('invalid_config', `${target} cannot be written.`, null, { cause });
}

function sizeOf(path: string): Promise<number | null> {
  return lstat(path).then(
    ({ size }) => size,
    () => null,
  );
}
