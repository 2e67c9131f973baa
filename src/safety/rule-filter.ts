/** The rules that the server screens by: those of a file, or the list that ships with the package. */
import { fileURLToPath } from 'node:url';
import { RuleScreen } from './rule-screen.js';
import { readRules } from './rules-file.js';

/** The list that ships with the package. */
export const defaultRulesFile = fileURLToPath(new URL('../../safety/default-rules.yaml', import.meta.url));

/** The screen of a rules file; `null` is the list that ships with the package. Throws `invalid_config`. */
export function loadRuleScreen(file: string | null): RuleScreen {
  return new RuleScreen(readRules(file ?? defaultRulesFile));
}
