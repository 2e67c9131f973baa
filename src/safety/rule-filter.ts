/** The safety filter made of rules: reads them once, screens prompts whole and outputs as they are written. */
import { fileURLToPath } from 'node:url';
import type { Rule } from './rule.js';
import { RuleGuard } from './rule-guard.js';
import { RuleSet } from './rule-set.js';
import { readRules } from './rules-file.js';
import type { PromptVerdict, Safety, StreamGuard } from './safety.js';

/** The list that ships with the package. */
export const defaultRulesFile = fileURLToPath(new URL('../../safety/default-rules.yaml', import.meta.url));

/** The filter of a rules file; `null` is the list that ships with the package. Throws `invalid_config`. */
export function loadSafety(file: string | null): Safety {
  return createSafety(readRules(file ?? defaultRulesFile));
}

export function createSafety(rules: readonly Rule[]): Safety {
  const prompt = new RuleSet(rules.filter(({ direction }) => direction !== 'output'));
  const output = new RuleSet(rules.filter(({ direction }) => direction !== 'prompt'));
  return {
    screenPrompt: (text) => screenWhole(new RuleGuard(prompt), text),
    guardOutput: () => new RuleGuard(output),
  };
}

/** The filter without rules: everything passes as it is. */
export const unfiltered: Safety = createSafety([]);

function screenWhole(guard: StreamGuard, text: string): PromptVerdict {
  const most = guard.push(text);
  const rest = guard.end();
  return {
    blocked: rest.blocked,
    text: most.text + rest.text,
    findings: [...most.findings, ...rest.findings],
  };
}
