/** Where a model runs, as a person names it. */

export const providerNames = ['cpu', 'cuda', 'tensorrt', 'directml', 'coreml', 'webgpu'] as const;
export type ProviderName = (typeof providerNames)[number];

/** A provider, and the number of its device: `cuda` is `cuda:0`. */
export type NamedDevice = ProviderName | `${ProviderName}:${number}`;
/** `auto` leaves the choice to the machine. */
export type DeviceName = 'auto' | NamedDevice;

const form = new RegExp(`^(?:auto|(?:${providerNames.join('|')})(?::\\d{1,3})?)$`);

export function isDeviceName(text: string): text is DeviceName {
  return form.test(text);
}
