/** A GPU where there is none: SwiftShader, the Vulkan driver in software that comes with Debian's chromium. */
import { existsSync } from 'node:fs';

const driver = '/usr/lib/chromium/vk_swiftshader_icd.json';

/** The value of `VK_DRIVER_FILES`: what is set already stays, so that a machine with a GPU of its own runs the tests on that. */
export function softwareGpu(): string {
  if (process.env.VK_DRIVER_FILES !== undefined) return process.env.VK_DRIVER_FILES;
  if (!existsSync(driver)) throw new Error(`There is no ${driver}: install chromium and libvulkan1.`);
  return driver;
}

/** For this process and its children, before anything loads Vulkan. */
export function useSoftwareGpu(): void {
  process.env.VK_DRIVER_FILES = softwareGpu();
}
