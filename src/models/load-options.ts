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
  /** As `SessionOptions` has it, of the model's own graphs. */
  readonly profile?: string;
  /** Worker threads that each hold the whole model, of a model that generates; one on each device when left out. */
  readonly replicas?: number | null;
}

/** The device of each replica. */
export function replicaDevices({ device, replicas }: Pick<LoadOptions, 'device' | 'replicas'>): readonly DeviceName[] {
  const devices = [device].flat();
  return devices.length > 1 ? devices : devices.flatMap((name) => new Array<DeviceName>(replicas ?? 1).fill(name));
}

/**
 * The most that one device holds, in whole replicas: what a device has is divided among so many. Of a replica on several devices
 * each holds a share of the layers.
 */
export function mostOnOneDevice(names: readonly DeviceName[]): number {
  const held = new Map<string, number>();
  for (const name of names) {
    const devices = name.split('+').map((one) => one.replace(/:0+$/, ''));
    for (const device of devices) held.set(device, (held.get(device) ?? 0) + 1 / devices.length);
  }
  return Math.max(...held.values());
}
