/** Whether a file that a flag names can be read, before the work that reads it late. */
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { OctavoError } from '../errors.js';
import { describeReadFailure } from '../file-failure.js';

/** Throws `invalid_config` naming flag and file. */
export async function checkReadable(flag: string, file: string): Promise<void> {
  // Not opened: a pipe can be read once.
  const problem = await access(file, constants.R_OK).then(
    async () => ((await stat(file)).isDirectory() ? 'it is a folder' : null),
    describeReadFailure,
  );
  if (problem !== null) throw new OctavoError('invalid_config', `${flag} ${file} cannot be read: ${problem}.`);
}
