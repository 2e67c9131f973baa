/** What happens when a device is lost: ONNX Runtime gives it anew only when nothing in the process is on it any more. */

/** A thread with a model. */
export interface DeviceUser {
  /** The devices that its model is on, without the CPU. */
  readonly devices: readonly string[];
  /** Lets go of everything on them, until it is asked to load its model again. */
  leave(): Promise<void>;
}

const users = new Set<DeviceUser>();
let leaving: Promise<unknown> = Promise.resolve();

export function addUser(user: DeviceUser): void {
  users.add(user);
}

export function removeUser(user: DeviceUser): void {
  users.delete(user);
}

/** Has everybody leave who shares a device with the one that found it lost, and that one. */
export function leaveDevices(finder: DeviceUser): void {
  const concerned = [...users].filter(({ devices }) => devices.some((name) => finder.devices.includes(name)));
  leaving = Promise.all([leaving, ...concerned.map((user) => user.leave())]);
}

/** Resolves when those who were to leave have left: only then a model is loaded again. */
export async function everybodyLeft(): Promise<void> {
  await leaving;
}
