/**
 * Makes SwiftShader fail as a driver does: a function of Vulkan answers with an error from then on, in this process. Its code begins
 * with two instructions (x86-64: mov eax, result; ret) until it is mended.
 */
import koffi from 'koffi';

const driver = '/usr/lib/chromium/libvk_swiftshader.so';
/** Of VkResult. */
const results = { outOfDeviceMemory: -2, initializationFailed: -3, deviceLost: -4 };
const readWriteExecute = 7;
const pageBytes = 4096n;

/** Submitting work fails as if the GPU had been taken away. Returns how it comes back. */
export const loseDevice = () => failing('vkQueueSubmit', results.deviceLost);

/** The same, and no device is given in its place. */
export function loseForGood() {
  failing('vkCreateDevice', results.initializationFailed);
  loseDevice();
}

/** No memory is given any more. Returns how it is given again. */
export const exhaustMemory = () => failing('vkAllocateMemory', results.outOfDeviceMemory);

function failing(name, result) {
  const libc = koffi.load('libc.so.6');
  const protect = libc.func('mprotect', 'int', ['size_t', 'size_t', 'int']);
  const write = libc.func('memcpy', 'void *', ['size_t', 'void *', 'size_t']);
  const read = libc.func('memcpy', 'void *', ['void *', 'size_t', 'size_t']);
  const code = Buffer.from([0xb8, 0, 0, 0, 0, 0xc3]);
  code.writeInt32LE(result, 1);
  const address = addressOf(name);
  if (protect((address / pageBytes) * pageBytes, 2n * pageBytes, readWriteExecute) !== 0) throw new Error('mprotect');
  const before = Buffer.alloc(code.length);
  read(before, address, BigInt(code.length));
  write(address, code, BigInt(code.length));
  return () => write(address, before, BigInt(before.length));
}

function addressOf(name) {
  const find = koffi.load(driver).func('vk_icdGetInstanceProcAddr', 'void *', ['void *', 'str']);
  const createInstance = koffi.decode(find(0n, 'vkCreateInstance'), koffi.proto('int', ['void *', 'void *', 'void *']));
  // VkInstanceCreateInfo of 64 bytes: its type is 1, everything else left out.
  const info = new BigUint64Array(8);
  info[0] = 1n;
  const instance = new BigUint64Array(1);
  if (createInstance(info, null, instance) !== 0) throw new Error('vkCreateInstance');
  return find(instance[0], name);
}
