/** Where a model runs, as a person names it. */
import { z } from 'zod';

export const providerNames = ['cpu', 'cuda', 'tensorrt', 'directml', 'coreml', 'webgpu'] as const;
export type ProviderName = (typeof providerNames)[number];

/** A provider, and the number of its device: `cuda` is `cuda:0`. */
export type NamedDevice = ProviderName | `${ProviderName}:${number}`;
/** `auto` leaves the choice to the machine. */
export type DeviceName = 'auto' | NamedDevice;

const form = new RegExp(`^(?:auto|(?:${providerNames.join('|')})(?::\\d{1,3})?)$`);

/** The schema of a device's name. */
export function deviceName() {
  const message = `Expected auto or one of ${providerNames.join(', ')}, or one of these with a number, as cuda:1`;
  return z.custom<DeviceName>((value) => typeof value === 'string' && form.test(value), message);
}
