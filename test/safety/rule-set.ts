/** Compiles the rules of a test. */
import { compileRule } from '#octavo/safety/rule.js';
import { RuleSet } from '#octavo/safety/rule-set.js';
import type { ReferenceRule } from './reference.js';

export function ruleSet(rules: readonly ReferenceRule[]): RuleSet {
  return new RuleSet(
    rules.map(({ id, action, replacement, terms, word, match, pattern }) =>
      compileRule({
        id,
        category: 'test',
        action,
        direction: 'both',
        ...(replacement === undefined ? {} : { replacement }),
        ...(terms === undefined ? {} : { terms: [...terms], word: word ?? true, match: match ?? 'exact' }),
        ...(pattern === undefined ? {} : { pattern }),
      }),
    ),
  );
}
