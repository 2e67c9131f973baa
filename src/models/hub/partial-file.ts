/** A file that is fetched in pieces, hashed as it grows, and goes on where an earlier run ended. */
import type { Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { startHash } from './content-hash.js';
import type { HubFile } from './repository.js';

export class PartialFile {
  readonly #handle: FileHandle;
  readonly #path: string;
  readonly #file: HubFile;
  #hash: Hash;
  #bytes = 0;

  private constructor(handle: FileHandle, path: string, file: HubFile) {
    this.#handle = handle;
    this.#path = path;
    this.#file = file;
    this.#hash = startHash(file.hash, file.bytes);
  }

  /** Opens or makes the file at `path`; what it holds already is hashed and counted. */
  static async open(path: string, file: HubFile): Promise<PartialFile> {
    await mkdir(dirname(path), { recursive: true });
    const partial = new PartialFile(await open(path, 'a'), path, file);
    try {
      const { size } = await partial.#handle.stat();
      if (size > file.bytes) await partial.restart();
      else await partial.#readBack();
      return partial;
    } catch (error) {
      await partial.close();
      throw error;
    }
  }

  /** Bytes so far. */
  get bytes(): number {
    return this.#bytes;
  }

  async append(bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      done += (await this.#handle.write(bytes, done, bytes.length - done)).bytesWritten;
    }
    this.#hash.update(bytes);
    this.#bytes += bytes.length;
  }

  /** Throws away what there is. */
  async restart(): Promise<void> {
    await this.#handle.truncate(0);
    this.#hash = startHash(this.#file.hash, this.#file.bytes);
    this.#bytes = 0;
  }

  /** Whether the whole file is what the hub lists; it is on the disk then. */
  async finish(): Promise<boolean> {
    const matches = this.#hash.copy().digest('hex') === this.#file.hash.hex;
    if (matches) await this.#handle.sync();
    return matches;
  }

  close(): Promise<void> {
    return this.#handle.close();
  }

  async remove(): Promise<void> {
    await rm(this.#path, { force: true });
  }

  async #readBack(): Promise<void> {
    for await (const chunk of createReadStream(this.#path, { highWaterMark: 1 << 20 })) {
      this.#hash.update(chunk as Uint8Array);
      this.#bytes += (chunk as Uint8Array).length;
    }
  }
}
