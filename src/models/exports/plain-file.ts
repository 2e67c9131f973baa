/**
 * A file of a folder that no manifest vouches for: it must lie in the folder itself, under no other name. A link could
 * lead anywhere, and what is read becomes the model's answers.
 */
import { lstat, realpath } from 'node:fs/promises';
import path from 'node:path';

/** `root`: the folder, without links in its own path. */
export async function inspectPlainFile(
  root: string,
  file: string,
): Promise<{ readonly bytes: number } | { readonly fault: string }> {
  const stats = await lstat(file).catch(() => null);
  if (stats === null) return { fault: 'it is missing' };
  if (stats.isSymbolicLink()) return { fault: 'it is a symbolic link; put the file itself there' };
  if (!stats.isFile()) return { fault: 'it is not a plain file' };
  if (stats.nlink > 1) return { fault: `it is a hard link, one of ${stats.nlink} names of the file; put a copy there` };
  const folder = await realpath(path.dirname(file));
  const isInside = folder === root || folder.startsWith(`${root}${path.sep}`);
  return isInside ? { bytes: stats.size } : { fault: `its folder is a link that leads to ${folder}` };
}
