/** How a file of a model folder is refused: its path, and what is wrong with it. */
import { OctavoError } from '../errors.js';

export function unusable(file: string, what: string, cause?: unknown): OctavoError {
  const options = cause === undefined ? undefined : { cause };
  return new OctavoError('invalid_model', `Cannot use ${file}: ${what}.`, null, options);
}
