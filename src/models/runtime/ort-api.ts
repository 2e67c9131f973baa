/** Calls ONNX Runtime's C API. */
import koffi from 'koffi';
import { OctavoError } from '../../errors.js';
import { apiVersion, newerTable, newerVersion, table } from './ort-table.js';

/**
 * Bytes of stack of a call on another thread. koffi's own 128 KiB end the process where a driver compiles shaders. Only before the
 * first call can it be changed.
 */
koffi.config({ async_stack_size: 8 * 2 ** 20 });

/** A native address; 0n is null. */
export type Pointer = bigint;

type Name = keyof typeof table | keyof typeof newerTable;
type Argument = Pointer | number | string | readonly string[] | ArrayBufferView | null;
interface NativeFunction {
  (...args: Argument[]): unknown;
  /** Runs on another thread; the last argument is told the outcome. */
  async(...args: [...Argument[], (error: Error | null, result: unknown) => void]): void;
}

/** The loaded library. Calls block the calling thread, but for `callAsync`. */
export class OrtApi {
  readonly version: string;
  readonly #functions: ReadonlyMap<Name, NativeFunction>;

  /**
   * Loads `library`. Throws `runtime_unavailable` when it cannot be loaded, is not ONNX Runtime, or lacks that version of
   * the C API.
   */
  constructor(library: string, version = apiVersion) {
    const loaded = load(library, version);
    this.version = loaded.version;
    this.#functions = loaded.functions;
    this.#checkTable();
  }

  /** Whether a function is in this library. */
  has(name: Name): boolean {
    return this.#functions.has(name);
  }

  /** Calls a function that returns a status. Throws an Error with ONNX Runtime's message when it fails. */
  call(name: Name, ...args: Argument[]): void {
    this.#checkStatus(this.#call(name, args) as Pointer | null);
  }

  /** The same on another thread, while the calling one goes on. What the arguments point to must stay until it is done. */
  async callAsync(name: Name, ...args: Argument[]): Promise<void> {
    const status = await new Promise<unknown>((resolve, reject) => {
      this.#functions.get(name)!.async(...args, (error, result) => (error ? reject(error) : resolve(result)));
    });
    this.#checkStatus(status as Pointer | null);
  }

  #checkStatus(status: Pointer | null): void {
    if (!status) return;
    const message = String(this.#call('GetErrorMessage', [status]));
    this.#call('ReleaseStatus', [status]);
    throw new Error(message);
  }

  /** Calls a function whose last argument is a pointer to its result. */
  create(name: Name, ...args: Argument[]): Pointer {
    const cell = pointerCell();
    this.call(name, ...args, cell);
    return cell[0]!;
  }

  /** Calls a function that cannot fail and answers by its result. */
  read(name: Name, pointer: Pointer): unknown {
    return this.#call(name, [pointer]);
  }

  /** Calls a Release function. */
  release(name: Name, pointer: Pointer): void {
    this.#call(name, [pointer]);
  }

  /** Calls a function that gives an array of pointers and its length in its last two arguments. */
  list(name: Name, ...args: Argument[]): readonly Pointer[] {
    const [array, length] = [pointerCell(), pointerCell()];
    this.call(name, ...args, array, length);
    return Array.from({ length: Number(length[0]!) }, (_, index) => readPointer(array[0]!, index));
  }

  /** Execution providers built into the library, by ONNX Runtime's names. */
  availableProviders(): string[] {
    const list = pointerCell();
    const length = new Int32Array(new ArrayBuffer(4));
    this.call('GetAvailableProviders', list, length);
    const names = (koffi.decode(list[0]!, 'str', length[0]!) as string[]).slice();
    this.call('ReleaseAvailableProviders', list[0]!, length[0]!);
    return names;
  }

  /** Known answers prove that the table's positions are the ones written above. */
  #checkTable(): void {
    if (!this.availableProviders().includes('CPUExecutionProvider')) {
      throw new OctavoError('runtime_unavailable', `ONNX Runtime ${this.version} does not answer as its C API should.`);
    }
  }

  #call(name: Name, args: Argument[]): unknown {
    return this.#functions.get(name)!(...args);
  }
}

/** koffi closes a library when its handle is garbage: ONNX Runtime's must stay, its functions and threads outlive any handle. */
const loadedLibraries: ReturnType<typeof koffi.load>[] = [];

/** Room for one pointer, in memory that does not move. */
export function pointerCell(): BigUint64Array<ArrayBuffer> {
  return new BigUint64Array(new ArrayBuffer(8));
}

function load(library: string, wanted: number): { version: string; functions: Map<Name, NativeFunction> } {
  try {
    const handle = koffi.load(library);
    loadedLibraries.push(handle);
    const getApiBase = handle.func('OrtGetApiBase', 'void *', []);
    const base = getApiBase() as Pointer;
    const version = String(koffi.call(readPointer(base, 1), koffi.proto('str', [])));
    const api = koffi.call(readPointer(base, 0), koffi.proto('void *', ['uint32_t']), wanted) as Pointer | null;
    if (!api) throw new Error(`version ${version} has no C API ${wanted}: 1.${wanted} or newer is needed`);
    const functions = new Map<Name, NativeFunction>();
    const listed = minorOf(version) < newerVersion ? table : { ...table, ...newerTable };
    for (const [name, [position, result, args]] of Object.entries(listed)) {
      const prototype = koffi.proto(result, [...args]);
      functions.set(name as Name, koffi.decode(readPointer(api, position), prototype) as NativeFunction);
    }
    return { version, functions };
  } catch (error) {
    throw new OctavoError(
      'runtime_unavailable',
      `Cannot use the ONNX Runtime library ${library}: ${(error as Error).message}`,
      null,
      {
        cause: error,
      },
    );
  }
}

/** `1.30.0` is 30. */
function minorOf(version: string): number {
  return Number(version.split('.')[1]);
}

function readPointer(address: Pointer, index: number): Pointer {
  return koffi.decode(address, index * 8, 'void *') as Pointer;
}
