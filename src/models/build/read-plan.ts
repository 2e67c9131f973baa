/** What a checkpoint's config.json says, before anything else of it is read. */

import { familyOf } from './families/families.js';
import type { ModelPlan } from './families/family.js';
import { readConfig } from './source/checkpoint-source.js';

/** Throws `invalid_model` or `unsupported_model`, as building from the folder would. */
export async function readPlan(source: string): Promise<ModelPlan> {
  const config = await readConfig(source);
  return familyOf(config).plan(config);
}
