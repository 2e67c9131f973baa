/** Which device a graph runs on: what was asked for, against what the library carries and the machine has. */
import {
  type DeviceGroup,
  type DeviceName,
  devicesOf,
  type NamedDevice,
  type ProviderName,
} from '../../device-name.js';
import { OctavoError } from '../../errors.js';
import { cpu, type Device, type Gpu, type Runtime } from './runtime.js';

export interface DeviceChoice extends Device {
  /** Why; shown at start and in `/v1/models`. */
  readonly reason: string;
}

/**
 * Precisions, and variants of exports, whose products GPU providers compute; integer products would fall back to the CPU,
 * matrix by matrix.
 */
const gpuPrecisions: readonly string[] = [
  ...['fp16', 'int8-weight', 'int4-weight', 'int8-weight-fp16', 'int4-weight-fp16', 'q4', 'q4f16'],
];
/** The better first. TensorRT compiles for minutes: it is never taken unasked. */
const gpuProviders: readonly ProviderName[] = ['cuda', 'directml', 'webgpu', 'coreml'];

/**
 * Where a model of this precision may run, the best first: the one that was named, or with `auto` also what is left when
 * the better ones turn out not to work, the CPU last. Throws as `findDevice`.
 */
export function candidateDevices(
  asked: Exclude<DeviceName, DeviceGroup>,
  precision: string,
  runtime: Runtime,
): readonly DeviceChoice[] {
  if (asked !== 'auto') return [{ ...findDevice(asked, runtime), reason: 'chosen by configuration' }];
  if (!gpuPrecisions.includes(precision)) return [{ ...cpu, reason: `what ${precision} graphs are built for` }];
  const [gpu] = runtime.gpus;
  if (gpu === undefined) return [{ ...cpu, reason: 'no GPU was found' }];
  // A library lists providers whose own parts may be missing: only opening a graph tells.
  const providers = gpuProviders.filter((name) => runtime.providers.includes(name));
  return [...providers, 'cpu' as const].map((provider) => ({
    ...{ provider, index: 0 },
    reason: provider === 'cpu' ? `nothing works on the ${describeGpu(gpu)}` : `on the ${describeGpu(gpu)}`,
  }));
}

/** Where a model may run: one device, or several with a group of its layers each. */
export interface Place {
  readonly devices: readonly [Device, ...Device[]];
  readonly reason: string;
}

/** As `candidateDevices`; a group of devices is one place. */
export function candidatePlaces(asked: DeviceName, precision: string, runtime: Runtime): readonly Place[] {
  if (asked.includes('+')) {
    const [first, ...others] = devicesOf(asked as DeviceGroup);
    const find = (name: NamedDevice) => findDevice(name, runtime);
    return [{ devices: [find(first), ...others.map(find)], reason: 'chosen by configuration' }];
  }
  const single = asked as Exclude<DeviceName, DeviceGroup>;
  return candidateDevices(single, precision, runtime).map(({ provider, index, reason }) => {
    return { devices: [{ provider, index }], reason };
  });
}

/** `webgpu`, `cuda+cuda:1` */
export function describePlace({ devices }: Pick<Place, 'devices'>): string {
  return devices.map(describeDevice).join('+');
}

/** `Error`'s own words without the place in ONNX Runtime's code, or ours where a part of the library is not there: one line. */
export function conciseReason({ message }: Error): string {
  const [line = ''] = message.split('\n');
  const reason = line.split(/ : FAIL : | was false\. | with error: /).at(-1) ?? line;
  const part = /^\S*?(libonnxruntime_providers_\w+\.\w+): cannot open shared object file/.exec(reason)?.[1];
  if (part === undefined) return reason;
  return `this build of ONNX Runtime comes without its part for it (${part}); --ort-library names another build`;
}

/** Throws `runtime_unavailable` naming what there is. */
export function findDevice(asked: NamedDevice, runtime: Runtime): Device {
  const device = parseDevice(asked);
  const { provider } = device;
  if (runtime.providers.includes(provider)) return device;
  throw new OctavoError(
    'runtime_unavailable',
    `This build of ONNX Runtime (${runtime.version}) has no ${provider} provider; it has ${runtime.providers.join(', ')}. --ort-library names another build.`,
  );
}

/** `webgpu`, `cuda:1` */
export function describeDevice({ provider, index }: Device): string {
  return index === 0 ? provider : `${provider}:${index}`;
}

export function describeGpu({ vendor, vendorId, deviceId }: Gpu): string {
  const hex = (id: number) => id.toString(16).padStart(4, '0');
  return `GPU ${vendor === '' ? '' : `of ${vendor} `}(${hex(vendorId)}:${hex(deviceId)})`;
}

function parseDevice(name: NamedDevice): Device {
  const [provider, index = '0'] = name.split(':');
  return { provider: provider as ProviderName, index: Number(index) };
}
