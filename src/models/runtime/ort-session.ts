/** ONNX Runtime through its C API: tensors are bound where they lie, so a KV cache is written in place. */
import koffi from 'koffi';
import { invariant } from '../../errors.js';
import { loadFailure, runFailure } from './device-failure.js';
import { OrtApi, type Pointer, pointerCell } from './ort-api.js';
import { OrtDevice } from './ort-device.js';
import { listGpus } from './ort-hardware.js';
import { readOutputType } from './ort-output-type.js';
import { ortProviders, ourProvider } from './ort-provider-names.js';
import { appendProvider } from './ort-providers.js';
import { OrtRunOptions } from './ort-run-options.js';
import { createEnvironment, setThreads } from './ort-threads.js';
import { createShape, elementType } from './ort-values.js';
import type { Placement } from './placement.js';
import type { AnyTensor, Runtime, Session, SessionOptions, TensorMap, ValueType } from './runtime.js';

const cpuMemory = { deviceAllocator: 0, defaultType: 0 };

/** Opens the C API of `library`. Throws `runtime_unavailable`. */
export function openOrtRuntime(library: string): Runtime {
  const api = new OrtApi(library);
  const environment = createEnvironment(api);
  const available = api.availableProviders();
  return {
    name: 'ort-c-api',
    version: api.version,
    providers: available.flatMap((name) => ourProvider(name) ?? []),
    gpus: listGpus(api, environment),
    open: async (model, options) => {
      const settings = createSettings({ api, environment }, options);
      try {
        const session =
          typeof model === 'string'
            ? api.create('CreateSession', environment, model, settings)
            : api.create('CreateSessionFromArray', environment, model, model.byteLength, settings);
        return new OrtSession(api, session, options);
      } catch (error) {
        throw loadFailure(error as Error);
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
  readonly device: OrtDevice | null;
  readonly #api: OrtApi;
  readonly #background: boolean;
  readonly #session: Pointer;
  readonly #binding: Pointer;
  readonly #memoryInfo: Pointer;
  readonly #runOptions: OrtRunOptions;
  readonly #boundInputs = new Map<string, AnyTensor>();
  readonly #boundOutputs = new Map<string, AnyTensor>();

  constructor(api: OrtApi, session: Pointer, options: SessionOptions) {
    const { provider, index } = options.device;
    this.#api = api;
    this.#background = options.background ?? false;
    this.#session = session;
    this.#runOptions = new OrtRunOptions(api, options.capture ?? false);
    const { memory: name, memoryByIndex = false } = ortProviders[provider];
    this.device = name === null ? null : new OrtDevice(api, session, { name, index: memoryByIndex ? index : 0 });
    this.#binding = api.create('CreateIoBinding', session);
    this.#memoryInfo = api.create('CreateCpuMemoryInfo', cpuMemory.deviceAllocator, cpuMemory.defaultType);
    this.inputs = readNames(api, session, 'Input');
    this.outputs = readNames(api, session, 'Output');
    this.placement = readPlacement(api, session);
    this.optionalInputs = readNames(api, session, 'OverridableInitializer');
  }

  typeOf(output: string): ValueType | null {
    return readOutputType(this.#api, this.#session, this.outputs.indexOf(output));
  }

  async run(inputs: TensorMap, outputs: TensorMap, capture?: number): Promise<void> {
    try {
      this.#bind('BindInput', this.#boundInputs, inputs);
      this.#bind('BindOutput', this.#boundOutputs, outputs);
      const run = [this.#session, this.#runOptions.of(capture), this.#binding] as const;
      if (this.#background) await this.#api.callAsync('RunWithBinding', ...run);
      else this.#api.call('RunWithBinding', ...run);
    } catch (error) {
      throw runFailure(error as Error);
    }
  }

  async close(): Promise<void> {
    this.#api.release('ReleaseIoBinding', this.#binding);
    this.#api.release('ReleaseMemoryInfo', this.#memoryInfo);
    this.#runOptions.close();
    this.device?.close();
    this.#api.release('ReleaseSession', this.#session);
    this.#boundInputs.clear();
    this.#boundOutputs.clear();
  }

  /** `bound` also keeps the arrays alive whose addresses the native side holds. */
  #bind(bind: 'BindInput' | 'BindOutput', bound: Map<string, AnyTensor>, tensors: TensorMap): void {
    for (const [name, tensor] of tensors) {
      if (this.#staysBound(tensor) && bound.get(name) === tensor) continue;
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

  /** A graph on a device copies an input of ours when it is bound, so it must be bound anew for each run. */
  #staysBound(tensor: AnyTensor): boolean {
    return this.device === null || 'address' in tensor;
  }

  #createValue(tensor: AnyTensor): Pointer {
    if ('address' in tensor) {
      invariant(this.device !== null, 'a tensor of a device is given to a session on it');
      return this.device.createValue(tensor);
    }
    const { type, dims, data } = tensor;
    return this.#api.create(
      'CreateTensorWithDataAsOrtValue',
      ...([this.#memoryInfo, koffi.address(data), data.byteLength, createShape(dims), dims.length] as const),
      elementType[type],
    );
  }
}

/** Session options, to be released by the caller. Throws `runtime_unavailable` when the provider cannot be used. */
function createSettings(
  { api, environment }: { readonly api: OrtApi; readonly environment: Pointer },
  { device, threads, folder, profile, capture = false }: SessionOptions,
): Pointer {
  const settings = api.create('CreateSessionOptions');
  try {
    setThreads(api, settings, threads);
    // A pattern is kept for every shape ever seen, and each length of a batch is another shape.
    api.call('DisableMemPattern', settings);
    if (api.has('Session_GetEpGraphAssignmentInfo')) {
      api.call('AddSessionConfigEntry', settings, 'session.record_ep_graph_assignment_info', '1');
    }
    if (folder !== undefined) {
      api.call('AddSessionConfigEntry', settings, 'session.model_external_initializers_file_folder_path', folder);
    }
    // Between steps the cores belong to the server.
    api.call('AddSessionConfigEntry', settings, 'session.force_spinning_stop', '1');
    if (profile !== undefined) api.call('EnableProfiling', settings, profile);
    appendProvider({ api, environment, settings }, device, capture);
    return settings;
  } catch (error) {
    api.release('ReleaseSessionOptions', settings);
    throw error;
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
  return Array.from(placed, ([provider, operators]) => ({
    provider: ourProvider(provider) ?? provider,
    operators,
  }));
}
