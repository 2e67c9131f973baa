/** Decode steps whose work on the device is captured once for each of few numbers of rows, and then repeated. */
import type { DeviceMemory, DeviceTensor, Session, Tensor, TensorMap } from '../runtime/runtime.js';
import type { GraphOpener } from '../worker/serve-steps.js';
import { deviceUploadGraph } from './device-copy.js';
import type { KvView } from './kv-arena.js';

interface CapturedParts {
  readonly session: Session;
  readonly device: DeviceMemory;
  readonly open: GraphOpener['open'];
  /** The output with the logits, and tokens of the vocabulary. */
  readonly logits: { readonly name: string; readonly vocab: number };
  /** The most in a step. */
  readonly rows: number;
}

/** What a number of rows binds in each of its steps: the same memory, as a capture holds on to it. */
interface Captured {
  readonly number: number;
  /** Of `deviceUploadGraph`: the step's small tensors, in the order in which they are given. */
  readonly uploaded: TensorMap;
  readonly inputs: TensorMap;
  readonly outputs: TensorMap;
  readonly logits: DeviceTensor;
}

export class CapturedDecode {
  readonly #parts: CapturedParts;
  /** float32 [rows, 1, vocab]; fewer rows use its beginning. */
  readonly #logits: DeviceTensor;
  /** Takes small tensors to the memory that is bound: ONNX Runtime itself takes what it is given to new memory each time. */
  #upload: Session | null = null;
  /** By their number of rows. */
  readonly #captured = new Map<number, Captured>();

  /** Throws ONNX Runtime's error when the device has no room for the logits. */
  constructor(parts: CapturedParts) {
    this.#parts = parts;
    this.#logits = parts.device.allocate('float32', [parts.rows, 1, parts.logits.vocab]);
  }

  /**
   * One token for each of the first `rows` rows. `step`: its small tensors; `view`: the cache of these rows. Gives the logits,
   * float32 [rows, 1, vocab], which hold until the next step. Throws as `Session.run`.
   */
  async run(rows: number, step: ReadonlyMap<string, Tensor>, view: KvView): Promise<DeviceTensor> {
    const small = [...step.values()];
    this.#upload ??= await this.#parts.open(await deviceUploadGraph(small));
    const captured = this.#captured.get(rows) ?? this.#bind(rows, step, view);
    this.#captured.set(rows, captured);
    await this.#upload.run(new Map(small.map((tensor, i) => [`from.${i}`, tensor])), captured.uploaded);
    await this.#parts.session.run(captured.inputs, captured.outputs, captured.number);
    return captured.logits;
  }

  async close(): Promise<void> {
    await this.#upload?.close();
  }

  #bind(rows: number, step: ReadonlyMap<string, Tensor>, view: KvView): Captured {
    const { device, logits: output } = this.#parts;
    const logits = { ...this.#logits, dims: [rows, 1, output.vocab] };
    const small = Array.from(step, ([name, { type, dims }]) => [name, device.allocate(type, dims)] as const);
    return {
      ...{ number: this.#captured.size + 1, logits },
      uploaded: new Map(small.map(([, tensor], i) => [`to.${i}`, tensor])),
      inputs: new Map([...small, ...view.past]),
      outputs: new Map([[output.name, logits], ...view.present]),
    };
  }
}
