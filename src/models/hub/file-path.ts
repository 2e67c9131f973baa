/** Names of files that a hub announces: nothing that leaves the folder, or means something else to a system. */
import { OctavoError } from '../../errors.js';

const plain = /^[A-Za-z0-9_.-]+(?:\/[A-Za-z0-9_.-]+)*$/;
const device = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;
const maxLength = 200;

/** No repository can hold such a path: who lists one means harm. Throws `invalid_model`. */
export function refuseHostilePath(path: string): void {
  const parts = path.split(/[/\\]/);
  const leaves = parts.some((part) => part === '' || part === '.' || part === '..') || /^[A-Za-z]:/.test(path);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused.
  if (leaves || /[\u0000-\u001f\u007f]/.test(path)) {
    throw new OctavoError('invalid_model', `The hub lists a file ${quote(path)}: not a path inside a folder.`);
  }
}

/** What will be written: plain on every system, and no two that a system takes for one. Throws `invalid_model`. */
export function checkWrittenPaths(paths: readonly string[]): void {
  const seen = new Set<string>();
  for (const path of paths) {
    const parts = path.split('/');
    const isPlain = plain.test(path) && path.length <= maxLength;
    if (!isPlain || parts.some((part) => device.test(part) || part.endsWith('.') || /^\.+$/.test(part))) {
      throw new OctavoError('invalid_model', `The model has a file ${quote(path)}, which not every system can hold.`);
    }
    const folded = path.toLowerCase();
    if (seen.has(folded)) {
      throw new OctavoError('invalid_model', `The model has two files ${quote(path)} that differ in case alone.`);
    }
    seen.add(folded);
  }
}

function quote(path: string): string {
  return JSON.stringify(path.slice(0, maxLength));
}
