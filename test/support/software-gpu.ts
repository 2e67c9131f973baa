/** A GPU where there is none: SwiftShader, the Vulkan driver in software that comes with Debian's chromium. */
import { existsSync } from 'node:fs';

const driver = '/usr/lib/chromium/vk_swiftshader_icd.json';

/**
 * Names the driver to this process and its children, before anything loads Vulkan. A driver that is named already stays:
 * a machine with a GPU of its own runs the tests on that.
 */
export function useSoftwareGpu(): void {
  if (process.env.VK_DRIVER_FILES !== undefined) return;
  if (!existsSync(driver)) throw new Error(`There is no ${driver}: install chromium and libvulkan1.`);
  process.env.VK_DRIVER_FILES = driver;
}
