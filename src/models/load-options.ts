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
  /** MiB that the rows of all replicas on one device may take; rows, or the context, become fewer. No bound when left out. */
  readonly kvMemory?: number;
  readonly runtime: RuntimeName | 'auto';
  /** Of several each has a replica of a model that generates; others run on the first. */
  readonly device: DeviceName | readonly DeviceName[];
  /** Another build of ONNX Runtime, for the whole process. */
  readonly ortLibrary?: string | null;
  /** Of all replicas together. */
  readonly threads: number;
  /** Worker threads that each hold the whole model, of a model that generates; one on each device when left out. */
  readonly replicas?: number | null;
}

/** The device of each replica. */
export function replicaDevices({ device, replicas }: Pick<LoadOptions, 'device' | 'replicas'>): readonly DeviceName[] {
  const devices = [device].flat();
  return devices.length > 1 ? devices : devices.flatMap((name) => new Array<DeviceName>(replicas ?? 1).fill(name));
}

/** The most replicas that one device has: what a device has is divided among so many. */
export function mostOnOneDevice(devices: readonly DeviceName[]): number {
  const first = (name: DeviceName) => name.replace(/:0+$/, '');
  return Math.max(...devices.map((one) => devices.filter((other) => first(other) === first(one)).length));
}
