/** One safetensors file, read piece by piece. */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { basename } from 'node:path';
import { OctavoError } from '../../../errors.js';
import { type FloatFormat, floatBytes, toFloat32 } from './float-format.js';
import { maxHeaderBytes, parseHeader, type TensorEntry } from './safetensors-header.js';

export class SafetensorsFile {
  readonly #handle: FileHandle;
  readonly #file: string;
  readonly #tensors: ReadonlyMap<string, TensorEntry>;
  /** Where the tensors begin in the file, in bytes. */
  readonly #tensorsStart: number;

  private constructor(handle: FileHandle, file: string, header: { tensors: Map<string, TensorEntry>; end: number }) {
    this.#handle = handle;
    this.#file = file;
    this.#tensors = header.tensors;
    this.#tensorsStart = header.end;
  }

  /** Reads and checks the header. Throws `invalid_model` or `unsupported_model`. */
  static async open(path: string): Promise<SafetensorsFile> {
    const file = basename(path);
    // A pipe would be waited for.
    const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: unknown) => {
      throw new OctavoError('invalid_model', `${file} cannot be read.`, null, { cause: error });
    });
    try {
      return new SafetensorsFile(handle, file, await readHeader(handle, file));
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  entry(name: string): TensorEntry | undefined {
    return this.#tensors.get(name);
  }

  names(): Iterable<string> {
    return this.#tensors.keys();
  }

  /** Values `start … start + count - 1` of a tensor. Throws `invalid_model` when one is not finite. */
  async read(entry: TensorEntry, start: number, count: number): Promise<Float32Array> {
    const format = floatFormat(entry, this.#file);
    const bytes = new Uint8Array(count * floatBytes[format]);
    await readExactly(this.#handle, bytes, this.#tensorsStart + entry.begin + start * floatBytes[format]);
    const values = toFloat32(bytes, format);
    let sum = 0;
    for (let i = 0; i < values.length; i++) sum += values[i]!;
    if (!Number.isFinite(sum)) {
      throw new OctavoError('invalid_model', `${this.#file}: tensor ${entry.name} holds NaN or infinity.`);
    }
    return values;
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

async function readHeader(handle: FileHandle, file: string) {
  const stat = await handle.stat();
  if (!stat.isFile()) throw new OctavoError('invalid_model', `${file} is not a regular file.`);
  if (stat.size < 8) throw new OctavoError('invalid_model', `${file} is truncated: it has no header.`);
  const lengthField = new Uint8Array(8);
  await readExactly(handle, lengthField, 0);
  const length = Number(new DataView(lengthField.buffer).getBigUint64(0, true));
  if (length > maxHeaderBytes) {
    throw new OctavoError('invalid_model', `${file}: its header says ${length} bytes, at most ${maxHeaderBytes}.`);
  }
  const end = 8 + length;
  if (end > stat.size) throw new OctavoError('invalid_model', `${file} is truncated inside its header.`);
  const header = new Uint8Array(length);
  await readExactly(handle, header, 8);
  return { tensors: new Map(parseHeader(header, stat.size - end, file)), end };
}

/** Node reads at most 2 GiB at once, and a file may shrink while it is read. */
async function readExactly(handle: FileHandle, target: Uint8Array, position: number): Promise<void> {
  let done = 0;
  while (done < target.length) {
    const length = Math.min(target.length - done, 1 << 30);
    const { bytesRead } = await handle.read(target, done, length, position + done);
    if (bytesRead === 0) throw new OctavoError('invalid_model', 'A weights file became shorter while it was read.');
    done += bytesRead;
  }
}

function floatFormat(entry: TensorEntry, file: string): FloatFormat {
  if (entry.dtype === 'F32' || entry.dtype === 'F16' || entry.dtype === 'BF16') return entry.dtype;
  throw new OctavoError(
    'unsupported_model',
    `${file}: tensor ${entry.name} has dtype ${entry.dtype}; F32, F16 and BF16 can be read.`,
  );
}
