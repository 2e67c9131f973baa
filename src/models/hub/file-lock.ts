/** A file that says which process works on something; one that a dead process left does not count. */
import { open, readFile, rm } from 'node:fs/promises';
import { OctavoError } from '../../errors.js';

export class FileLock {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  /** Throws `invalid_config` when a living process has it, or the file cannot be written. */
  static async take(path: string): Promise<FileLock> {
    try {
      return await FileLock.#create(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
        throw new OctavoError('invalid_config', `${path} cannot be written.`, null, { cause: error });
      }
    }
    const owner = Number(await readFile(path, 'utf8').catch(() => ''));
    if (isAlive(owner)) {
      throw new OctavoError('invalid_config', `Process ${owner} is fetching into the same folder (${path}).`);
    }
    await rm(path, { force: true });
    return FileLock.#create(path);
  }

  static async #create(path: string): Promise<FileLock> {
    const handle = await open(path, 'wx');
    try {
      await handle.writeFile(String(process.pid));
    } finally {
      await handle.close();
    }
    return new FileLock(path);
  }

  release(): Promise<void> {
    return rm(this.#path, { force: true });
  }
}

/** This process's own number is one that a dead process had before it: in containers they repeat. */
function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
