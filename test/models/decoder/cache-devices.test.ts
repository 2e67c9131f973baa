/** A cache in int8 is for the CPU, however often it is named. */
import { expect, test } from 'vitest';
import { checkCacheDevices } from '#octavo/models/decoder/cache-devices.js';
import { cpu } from '#octavo/models/runtime/runtime.js';

const cuda = { provider: 'cuda', index: 1 } as const;

test('other caches are for every device, and it is for several of the CPU', () => {
  for (const element of [undefined, 'float32', 'float16'] as const) checkCacheDevices(element, [cuda, cpu]);
  checkCacheDevices('int8', [cpu, cpu]);
});

test('it is refused elsewhere, by a message that says what to do', () => {
  expect(() => checkCacheDevices('int8', [cpu, cuda])).toThrow(
    "The model's KV cache is int8, which is for the CPU alone, not for cuda:1: use --device cpu, or build the model without --kv-cache int8.",
  );
});
