/** How a model folder is loaded. */
import type { DeviceName } from '../device-name.js';
import type { RuntimeName } from './runtime/runtime.js';

export interface LoadOptions {
  /** That `octavo build` wrote, or an export by others: `folder` or `folder:variant`. */
  readonly folder: string;
  /** Id in the API; the folder's own by default. */
  readonly name: string | null;
  /** Sequences, or texts, computed together at most. */
  readonly rows: number;
  /** Tokens of one sequence (prompt and output), or of one text, at most; bounded by the model's own context. */
  readonly context: number;
  /** MiB in which beginnings of prompts are kept for later ones; none when left out. */
  readonly prefixCache?: number;
  /** MiB that the rows of all replicas may take; rows, or the context, become fewer. No bound when left out. */
  readonly kvMemory?: number;
  readonly runtime: RuntimeName | 'auto';
  readonly device: DeviceName;
  /** Another build of ONNX Runtime, for the whole process. */
  readonly ortLibrary?: string | null;
  /** Of all replicas together. */
  readonly threads: number;
  /** Worker threads that each hold the whole model, of a model that generates; one when left out. */
  readonly replicas?: number;
}
