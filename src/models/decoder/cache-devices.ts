/** Where a model can have its KV cache. */
import { OctavoError } from '../../errors.js';
import { describeDevice } from '../runtime/device.js';
import type { Device } from '../runtime/runtime.js';
import type { CacheElement } from './kv-arena.js';

/**
 * Throws `unsupported_model` for a cache in int8 elsewhere than on the CPU: other providers have no attention for it, or one
 * whose bits nobody has held to ours.
 */
export function checkCacheDevices(element: CacheElement | undefined, devices: readonly Device[]): void {
  const other = devices.find(({ provider }) => provider !== 'cpu');
  if (element !== 'int8' || other === undefined) return;
  const message = `The model's KV cache is int8, which is for the CPU alone, not for ${describeDevice(other)}: use --device cpu, or build the model without --kv-cache int8.`;
  throw new OctavoError('unsupported_model', message);
}
