/** Where a model runs, as a person names it. */
import { z } from 'zod';

export const providerNames = ['cpu', 'cuda', 'tensorrt', 'directml', 'coreml', 'webgpu'] as const;
export type ProviderName = (typeof providerNames)[number];

/** A provider, and the number of its device: `cuda` is `cuda:0`. */
export type NamedDevice = ProviderName | `${ProviderName}:${number}`;
/** Devices that have a group of a model's layers each, in their order: `cuda:0+cuda:1`. */
export type DeviceGroup = `${NamedDevice}+${string}`;
/** `auto` leaves the choice to the machine. */
export type DeviceName = 'auto' | NamedDevice | DeviceGroup;

const one = `(?:${providerNames.join('|')})(?::\\d{1,3})?`;
const form = new RegExp(`^(?:auto|${one}(?:\\+${one})*)$`);
const allowed = `auto or one of ${providerNames.join(', ')}, or one of these with a number, as cuda:1, or a group of them, as cuda:0+cuda:1`;

/** The devices of a group, or the only one. */
export function devicesOf(name: Exclude<DeviceName, 'auto'>): readonly [NamedDevice, ...NamedDevice[]] {
  return name.split('+') as [NamedDevice, ...NamedDevice[]];
}

/** The schema of a device's name. */
export function deviceName() {
  return z.custom<DeviceName>(isDevice, `expected ${allowed}`);
}

/** The schema of the name of one device. */
export function oneDeviceName() {
  const isOne = (name: unknown) => isDevice(name) && !String(name).includes('+');
  return z.custom<'auto' | NamedDevice>(isOne, 'expected auto or one device, as cpu or cuda:1');
}

/** The schema of the devices of a model's replicas: names separated by commas, or a list in the config file. */
export function deviceList() {
  const names = z.union([z.array(z.string()), z.string().transform((text) => text.split(','))]);
  return names
    .transform((list) => list.map((name) => name.trim()))
    .refine((list) => list.length > 0 && list.every(isDevice), `expected ${allowed}, or several of these with commas`)
    .transform((list) => list as DeviceName[])
    .refine((list) => list.length === 1 || !list.includes('auto'), 'auto stands alone: name the devices of a list')
    .refine(oneWebGpu, 'WebGPU has one device in a process: for another, start another server');
}

function isDevice(name: unknown): boolean {
  return typeof name === 'string' && form.test(name);
}

/** ONNX Runtime 1.30 keeps one WebGPU device, the one that was opened first, whatever number comes later. */
function oneWebGpu(list: readonly DeviceName[]): boolean {
  const names = list.flatMap((name) => name.split('+')).filter((name) => name.startsWith('webgpu'));
  const numbers = names.map((name) => Number(name.split(':')[1] ?? 0));
  return new Set(numbers).size <= 1;
}
