/** What ONNX Runtime is told of a run: whether it is captured, and as which. */
import type { OrtApi, Pointer } from './ort-api.js';

/** The number that ONNX Runtime has for runs that are not captured. */
const uncaptured = -1;

/** What a session's runs are told, by the number of their capture. */
export class OrtRunOptions {
  readonly #api: OrtApi;
  readonly #captures: boolean;
  readonly #options = new Map<number, Pointer>();

  /** Of a session that captures, or not. */
  constructor(api: OrtApi, captures: boolean) {
    this.#api = api;
    this.#captures = captures;
  }

  /** `null`: nothing is to be said. */
  of(capture: number | undefined): Pointer | null {
    if (!this.#captures) return null;
    const id = capture ?? uncaptured;
    const options = this.#options.get(id) ?? this.#create(id);
    this.#options.set(id, options);
    return options;
  }

  close(): void {
    for (const options of this.#options.values()) this.#api.release('ReleaseRunOptions', options);
  }

  #create(id: number): Pointer {
    const options = this.#api.create('CreateRunOptions');
    // Other providers read the same entry: it is CUDA's by its first use.
    this.#api.call('AddRunConfigEntry', options, 'gpu_graph_id', String(id));
    return options;
  }
}
