/** The id of a model in the API where nobody gave it one. */
import { basename, resolve } from 'node:path';

/** The folder's name with every character that a model id cannot have replaced. */
export function nameOf(folder: string): string {
  return basename(resolve(folder))
    .replace(/[^A-Za-z0-9_.-]/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 128);
}
