/** ONNX Runtime through its C API: tensors are bound where they lie, so a KV cache is written in place. */
import koffi from 'koffi';
import { OctavoError } from '../../errors.js';
import { OrtApi, type Pointer, pointerCell } from './ort-api.js';
import type { Placement } from './placement.js';
import type { ProviderName, Runtime, Session, SessionOptions, Tensor, TensorMap, TensorType } from './runtime.js';

const elementType: Record<TensorType, number> = { float32: 1, int32: 6, int64: 7, float16: 10 };
const loggingLevel = { error: 3 };
const cpuMemory = { deviceAllocator: 0, defaultType: 0 };
const providerNames: readonly (readonly [ort: string, name: ProviderName])[] = [
  ['CPUExecutionProvider', 'cpu'],
  ['WebGpuExecutionProvider', 'webgpu'],
  ['CUDAExecutionProvider', 'cuda'],
];

/** Opens the C API of `library`. Throws `runtime_unavailable`. */
export function openOrtRuntime(library: string): Runtime {
  const api = new OrtApi(library);
  // The environment is one for the process and lives as long as it: other threads may use it.
  const environment = api.create('CreateEnv', loggingLevel.error, 'octavo');
  const available = api.availableProviders();
  return {
    name: 'ort-c-api',
    version: api.version,
    providers: providerNames.filter(([ort]) => available.includes(ort)).map(([, name]) => name),
    open: async (model, options) => {
      const settings = createSettings(api, options);
      try {
        const session =
          typeof model === 'string'
            ? api.create('CreateSession', environment, model, settings)
            : api.create('CreateSessionFromArray', environment, model, model.byteLength, settings);
        return new OrtSession(api, session, options.provider);
      } catch (error) {
        const message = `ONNX Runtime cannot load the model: ${(error as Error).message}`;
        throw new OctavoError('invalid_model', message, null, { cause: error });
      } finally {
        api.release('ReleaseSessionOptions', settings);
      }
    },
  };
}

class OrtSession implements Session {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly optionalInputs: readonly string[];
  readonly placement: readonly Placement[];
  readonly #api: OrtApi;
  readonly #session: Pointer;
  readonly #binding: Pointer;
  readonly #memoryInfo: Pointer;
  readonly #boundInputs = new Map<string, Tensor>();
  readonly #boundOutputs = new Map<string, Tensor>();
  /** Other providers copy an input when it is bound, so it must be bound anew for each run. */
  readonly #bindOnce: boolean;

  constructor(api: OrtApi, session: Pointer, provider: ProviderName) {
    this.#api = api;
    this.#session = session;
    this.#bindOnce = provider === 'cpu';
    this.#binding = api.create('CreateIoBinding', session);
    this.#memoryInfo = api.create('CreateCpuMemoryInfo', cpuMemory.deviceAllocator, cpuMemory.defaultType);
    this.inputs = readNames(api, session, 'Input');
    this.outputs = readNames(api, session, 'Output');
    this.placement = readPlacement(api, session);
    this.optionalInputs = readNames(api, session, 'OverridableInitializer');
  }

  async run(inputs: TensorMap, outputs: TensorMap): Promise<void> {
    try {
      this.#bind('BindInput', this.#boundInputs, inputs);
      this.#bind('BindOutput', this.#boundOutputs, outputs);
      this.#api.call('RunWithBinding', this.#session, null, this.#binding);
    } catch (error) {
      throw new OctavoError('internal_error', `ONNX Runtime failed: ${(error as Error).message}`, null, {
        cause: error,
      });
    }
  }

  async close(): Promise<void> {
    this.#api.release('ReleaseIoBinding', this.#binding);
    this.#api.release('ReleaseSession', this.#session);
    this.#boundInputs.clear();
    this.#boundOutputs.clear();
  }

  /** `bound` also keeps the arrays alive whose addresses the native side holds. */
  #bind(bind: 'BindInput' | 'BindOutput', bound: Map<string, Tensor>, tensors: TensorMap): void {
    for (const [name, tensor] of tensors) {
      if (this.#bindOnce && bound.get(name) === tensor) continue;
      const value = this.#createValue(tensor);
      try {
        this.#api.call(bind, this.#binding, name, value);
      } finally {
        // The binding holds its own reference.
        this.#api.release('ReleaseValue', value);
      }
      bound.set(name, tensor);
    }
  }

  #createValue({ type, dims, data }: Tensor): Pointer {
    const shape = new BigInt64Array(new ArrayBuffer(Math.max(1, dims.length) * 8));
    for (let i = 0; i < dims.length; i++) shape[i] = BigInt(dims[i]!);
    return this.#api.create(
      'CreateTensorWithDataAsOrtValue',
      this.#memoryInfo,
      koffi.address(data),
      data.byteLength,
      shape,
      dims.length,
      elementType[type],
    );
  }
}

/** Session options, to be released by the caller. Throws `runtime_unavailable` when the provider cannot be used. */
function createSettings(api: OrtApi, { provider, threads }: SessionOptions): Pointer {
  const settings = api.create('CreateSessionOptions');
  try {
    api.call('SetIntraOpNumThreads', settings, threads);
    // A pattern is kept for every shape ever seen, and each length of a batch is another shape.
    api.call('DisableMemPattern', settings);
    if (api.has('Session_GetEpGraphAssignmentInfo')) {
      api.call('AddSessionConfigEntry', settings, 'session.record_ep_graph_assignment_info', '1');
    }
    // Between steps the cores belong to the server.
    api.call('AddSessionConfigEntry', settings, 'session.force_spinning_stop', '1');
    if (provider === 'webgpu') {
      api.call('SessionOptionsAppendExecutionProvider', settings, 'WebGPU', null, null, 0);
    } else if (provider === 'cuda') {
      const cuda = api.create('CreateCUDAProviderOptions');
      try {
        api.call('SessionOptionsAppendExecutionProvider_CUDA_V2', settings, cuda);
      } finally {
        api.release('ReleaseCUDAProviderOptions', cuda);
      }
    }
    return settings;
  } catch (error) {
    api.release('ReleaseSessionOptions', settings);
    const message = `The ${provider} provider cannot be used on this machine: ${(error as Error).message}`;
    throw new OctavoError('runtime_unavailable', message, null, { cause: error });
  }
}

function readNames(api: OrtApi, session: Pointer, kind: 'Input' | 'Output' | 'OverridableInitializer'): string[] {
  const count = pointerCell();
  api.call(`SessionGet${kind}Count`, session, count);
  const allocator = api.create('GetAllocatorWithDefaultOptions');
  return Array.from({ length: Number(count[0]!) }, (_, index) => {
    const text = api.create(`SessionGet${kind}Name`, session, index, allocator);
    const name = koffi.decode.string(text);
    api.call('AllocatorFree', allocator, text);
    return name;
  });
}

/** Empty where the library does not tell. */
function readPlacement(api: OrtApi, session: Pointer): Placement[] {
  if (!api.has('Session_GetEpGraphAssignmentInfo')) return [];
  const placed = new Map<string, Map<string, number>>();
  for (const part of api.list('Session_GetEpGraphAssignmentInfo', session)) {
    const provider = koffi.decode.string(api.create('EpAssignedSubgraph_GetEpName', part));
    const operators = placed.get(provider) ?? new Map<string, number>();
    placed.set(provider, operators);
    for (const node of api.list('EpAssignedSubgraph_GetNodes', part)) {
      const operator = koffi.decode.string(api.create('EpAssignedNode_GetOperatorType', node));
      operators.set(operator, (operators.get(operator) ?? 0) + 1);
    }
  }
  const names = new Map<string, string>(providerNames);
  return Array.from(placed, ([provider, operators]) => ({ provider: names.get(provider) ?? provider, operators }));
}
