/** What a person types for a model on this machine: a folder, or `folder:variant`. */
import { access } from 'node:fs/promises';

export interface FolderReference {
  readonly folder: string;
  /** Of the ONNX files, such as `int8`; `null`: none was named. */
  readonly variant: string | null;
}

/** A drive is no folder: `C:\model` has no variant. */
const pattern = /^(.+):([a-z0-9]{1,32})$/s;

/** A folder of just this name is meant, whatever its name looks like. */
export async function parseFolder(text: string): Promise<FolderReference> {
  const [, folder, variant] = pattern.exec(text) ?? [];
  if (folder === undefined || variant === undefined || (await exists(text))) return { folder: text, variant: null };
  return { folder, variant };
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
