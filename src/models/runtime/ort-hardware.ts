/** Devices that ONNX Runtime found on the machine, and which of its providers can use each. */
import koffi from 'koffi';
import { type OrtApi, type Pointer, pointerCell } from './ort-api.js';
import type { Gpu } from './runtime.js';

/** A device under one provider: `OrtEpDevice`. */
export interface EpDevice extends Gpu {
  readonly pointer: Pointer;
  /** ONNX Runtime's name. */
  readonly provider: string;
  readonly isGpu: boolean;
}

/** `OrtHardwareDeviceType` */
const gpuType = 1;

export function listEpDevices(api: OrtApi, environment: Pointer): EpDevice[] {
  const [list, count] = [pointerCell(), pointerCell()];
  api.call('GetEpDevices', environment, list, count);
  return Array.from({ length: Number(count[0]!) }, (_, index) => {
    const pointer = koffi.decode(list[0]!, index * 8, 'void *') as Pointer;
    const hardware = api.read('EpDevice_Device', pointer) as Pointer;
    return {
      pointer,
      provider: String(api.read('EpDevice_EpName', pointer)),
      isGpu: api.read('HardwareDevice_Type', hardware) === gpuType,
      vendor: String(api.read('HardwareDevice_Vendor', hardware)),
      vendorId: Number(api.read('HardwareDevice_VendorId', hardware)),
      deviceId: Number(api.read('HardwareDevice_DeviceId', hardware)),
    };
  });
}

/** Each GPU once, however many providers can use it. */
export function listGpus(api: OrtApi, environment: Pointer): Gpu[] {
  const gpus = listEpDevices(api, environment).filter(({ isGpu }) => isGpu);
  const own = new Map(
    gpus.map(({ vendor, vendorId, deviceId }) => [`${vendorId}:${deviceId}`, { vendor, vendorId, deviceId }]),
  );
  return [...own.values()];
}
