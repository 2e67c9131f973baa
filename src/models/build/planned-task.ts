/** What a checkpoint gives, known before it is built. */
import { join } from 'node:path';
import type { Task } from '../manifest.js';
import { familyOf } from './families/families.js';
import { readJsonObject } from './json.js';
import { maxJsonBytes } from './source/checkpoint-source.js';

/** Reads config.json alone. Throws `invalid_model` or `unsupported_model`, as a build would. */
export async function plannedTask(source: string): Promise<Task> {
  const config = await readJsonObject(join(source, 'config.json'), maxJsonBytes);
  return familyOf(config).plan(config).output?.task ?? 'generate';
}
