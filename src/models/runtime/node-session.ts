/**
 * ONNX Runtime through onnxruntime-node's own binding: the fallback where the C API cannot be reached. Correct and
 * slower: the binding copies every output after each run, the KV cache among them.
 */
import * as ort from 'onnxruntime-node';
import type { ProviderName } from '../../device-name.js';
import { invariant } from '../../errors.js';
import { loadFailure, runFailure } from './device-failure.js';
import type { AnyTensor, Runtime, Session, Tensor, TensorMap } from './runtime.js';

/** Opens onnxruntime-node. Throws `runtime_unavailable`. */
export function openNodeRuntime(): Runtime {
  const backends = ort.listSupportedBackends().map(({ name }) => name);
  return {
    name: 'onnxruntime-node',
    version: ort.env.versions.node ?? ort.env.versions.common,
    providers: (['cpu', 'cuda', 'coreml', 'webgpu'] as const satisfies ProviderName[]).filter((name) =>
      backends.includes(name),
    ),
    gpus: [],
    open: async (model, { device, threads, profile, capture = false }) => {
      try {
        if (capture) throw new Error('onnxruntime-node captures no runs');
        const options: ort.InferenceSession.SessionOptions = {
          executionProviders: [device.provider === 'cuda' ? { name: 'cuda', deviceId: device.index } : device.provider],
          intraOpNumThreads: threads,
          enableMemPattern: false,
          logSeverityLevel: 3,
          ...(profile !== undefined && { enableProfiling: true, profileFilePrefix: profile }),
        };
        // Two calls: the binding tells a path from bytes by overloads.
        const opened =
          typeof model === 'string'
            ? ort.InferenceSession.create(model, options)
            : ort.InferenceSession.create(model, options);
        return new NodeSession(await opened);
      } catch (error) {
        throw loadFailure(error as Error);
      }
    },
  };
}

class NodeSession implements Session {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** This binding feeds required inputs only: graphs keep their defaults. */
  readonly optionalInputs: readonly string[] = [];
  /** Nor does it tell where nodes run. */
  readonly placement = [];
  /** Nor has it memory of a device: it copies from ours and back. */
  readonly device = null;
  readonly #session: ort.InferenceSession;

  constructor(session: ort.InferenceSession) {
    this.#session = session;
    this.inputs = session.inputNames;
    this.outputs = session.outputNames;
  }

  async run(inputs: TensorMap, outputs: TensorMap): Promise<void> {
    try {
      const feeds = Object.fromEntries(Array.from(inputs, ([name, tensor]) => [name, toOrt(ours(tensor))]));
      const results = await this.#session.run(feeds, [...outputs.keys()]);
      for (const [name, tensor] of outputs) copyInto(ours(tensor), results[name]!, name);
    } catch (error) {
      throw runFailure(error as Error);
    }
  }

  async close(): Promise<void> {
    await this.#session.release();
  }
}

function ours(tensor: AnyTensor): Tensor {
  invariant('data' in tensor, 'this binding is given tensors of ours');
  return tensor;
}

function toOrt({ type, data, dims }: Tensor): ort.Tensor {
  return new ort.Tensor(type, data, [...dims]);
}

function copyInto(tensor: Tensor, result: ort.Tensor, name: string): void {
  if (result.data.length !== tensor.data.length) {
    throw new Error(`output ${name} has the shape [${result.dims}], expected [${tensor.dims}]`);
  }
  const data = result.data as Float32Array;
  // float16 comes as its bits, or as numbers where Node has an array for them: then its bits are what lies beneath.
  const values = tensor.type === 'float16' ? new Uint16Array(data.buffer, data.byteOffset, data.length) : data;
  (tensor.data as Float32Array).set(values);
}
