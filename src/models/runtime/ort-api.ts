/**
 * The part of ONNX Runtime's C API that Octavo calls, by position in the table `OrtApi` of onnxruntime_c_api.h (MIT).
 * The table only ever grows, so a position holds for every later version.
 */
import koffi from 'koffi';
import { OctavoError } from '../../errors.js';

/** A native address; 0n is null. */
export type Pointer = bigint;

/** Version of the table that is asked for: the oldest one whose positions cover what is listed here. */
const apiVersion = 22;

const path = process.platform === 'win32' ? 'str16' : 'str';

/** name: [position, result, arguments]. A `void *` result is an OrtStatus: null is success. */
const table = {
  GetErrorMessage: [2, 'str', ['void *']],
  CreateSession: [7, 'void *', ['void *', path, 'void *', 'void *']],
  CreateSessionFromArray: [8, 'void *', ['void *', 'void *', 'size_t', 'void *', 'void *']],
  CreateSessionOptions: [10, 'void *', ['void *']],
  DisableMemPattern: [17, 'void *', ['void *']],
  SetIntraOpNumThreads: [24, 'void *', ['void *', 'int']],
  SessionGetInputCount: [30, 'void *', ['void *', 'void *']],
  SessionGetOutputCount: [31, 'void *', ['void *', 'void *']],
  SessionGetOverridableInitializerCount: [32, 'void *', ['void *', 'void *']],
  SessionGetInputName: [36, 'void *', ['void *', 'size_t', 'void *', 'void *']],
  SessionGetOutputName: [37, 'void *', ['void *', 'size_t', 'void *', 'void *']],
  SessionGetOverridableInitializerName: [38, 'void *', ['void *', 'size_t', 'void *', 'void *']],
  CreateTensorAsOrtValue: [48, 'void *', ['void *', 'void *', 'size_t', 'int', 'void *']],
  CreateTensorWithDataAsOrtValue: [49, 'void *', ['void *', 'void *', 'size_t', 'void *', 'size_t', 'int', 'void *']],
  GetTensorMutableData: [51, 'void *', ['void *', 'void *']],
  CreateMemoryInfo: [68, 'void *', ['str', 'int', 'int', 'int', 'void *']],
  CreateCpuMemoryInfo: [69, 'void *', ['int', 'int', 'void *']],
  AllocatorFree: [76, 'void *', ['void *', 'void *']],
  GetAllocatorWithDefaultOptions: [78, 'void *', ['void *']],
  ReleaseStatus: [93, 'void', ['void *']],
  ReleaseMemoryInfo: [94, 'void', ['void *']],
  ReleaseSession: [95, 'void', ['void *']],
  ReleaseValue: [96, 'void', ['void *']],
  ReleaseSessionOptions: [100, 'void', ['void *']],
  CreateEnvWithGlobalThreadPools: [119, 'void *', ['int', 'str', 'void *', 'void *']],
  DisablePerSessionThreads: [120, 'void *', ['void *']],
  CreateThreadingOptions: [121, 'void *', ['void *']],
  ReleaseThreadingOptions: [122, 'void', ['void *']],
  GetAvailableProviders: [125, 'void *', ['void *', 'void *']],
  ReleaseAvailableProviders: [126, 'void *', ['void *', 'int']],
  AddSessionConfigEntry: [130, 'void *', ['void *', 'str', 'str']],
  CreateAllocator: [131, 'void *', ['void *', 'void *', 'void *']],
  ReleaseAllocator: [132, 'void', ['void *']],
  RunWithBinding: [133, 'void *', ['void *', 'void *', 'void *']],
  CreateIoBinding: [134, 'void *', ['void *', 'void *']],
  ReleaseIoBinding: [135, 'void', ['void *']],
  BindInput: [136, 'void *', ['void *', 'str', 'void *']],
  BindOutput: [137, 'void *', ['void *', 'str', 'void *']],
  SetGlobalIntraOpNumThreads: [147, 'void *', ['void *', 'int']],
  SessionOptionsAppendExecutionProvider_TensorRT_V2: [170, 'void *', ['void *', 'void *']],
  CreateTensorRTProviderOptions: [171, 'void *', ['void *']],
  UpdateTensorRTProviderOptions: [172, 'void *', ['void *', 'str *', 'str *', 'size_t']],
  ReleaseTensorRTProviderOptions: [174, 'void', ['void *']],
  SessionOptionsAppendExecutionProvider_CUDA_V2: [204, 'void *', ['void *', 'void *']],
  CreateCUDAProviderOptions: [205, 'void *', ['void *']],
  UpdateCUDAProviderOptions: [206, 'void *', ['void *', 'str *', 'str *', 'size_t']],
  ReleaseCUDAProviderOptions: [208, 'void', ['void *']],
  SessionOptionsAppendExecutionProvider: [216, 'void *', ['void *', 'str', 'void *', 'void *', 'size_t']],
  GetEpDevices: [303, 'void *', ['void *', 'void *', 'void *']],
  SessionOptionsAppendExecutionProvider_V2: [
    304,
    'void *',
    ['void *', 'void *', 'void *', 'size_t', 'str *', 'str *', 'size_t'],
  ],
  HardwareDevice_Type: [307, 'int', ['void *']],
  HardwareDevice_VendorId: [308, 'uint32_t', ['void *']],
  HardwareDevice_Vendor: [309, 'str', ['void *']],
  HardwareDevice_DeviceId: [310, 'uint32_t', ['void *']],
  EpDevice_EpName: [312, 'str', ['void *']],
  EpDevice_Device: [316, 'void *', ['void *']],
} as const;

/** What libraries have since 1.24, in positions that older ones do not reach. */
const newerTable = {
  Session_GetEpGraphAssignmentInfo: [407, 'void *', ['void *', 'void *', 'void *']],
  EpAssignedSubgraph_GetEpName: [408, 'void *', ['void *', 'void *']],
  EpAssignedSubgraph_GetNodes: [409, 'void *', ['void *', 'void *', 'void *']],
  EpAssignedNode_GetOperatorType: [412, 'void *', ['void *', 'void *']],
} as const;
const newerVersion = 24;

type Name = keyof typeof table | keyof typeof newerTable;
type Argument = Pointer | number | string | readonly string[] | ArrayBufferView | null;
type NativeFunction = (...args: Argument[]) => unknown;

/** The loaded library. Calls block the calling thread. */
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
    const status = this.#call(name, args) as Pointer | null;
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
