/** Rules compiled together for one direction; immutable, shared by all texts that are screened with it. */
import { PatternScanner } from './pattern-scanner.js';
import type { Rule } from './rule.js';
import type { Report, Scanner } from './scanner.js';
import { TermAutomaton } from './term-automaton.js';
import { TermScanner } from './term-scanner.js';

export class RuleSet {
  /** In the order of the file; scanners name a rule by its index here. */
  readonly rules: readonly Rule[];
  readonly #terms: TermAutomaton;

  constructor(rules: readonly Rule[]) {
    this.rules = rules;
    this.#terms = new TermAutomaton(
      rules.flatMap((rule, index) => rule.terms.map((codes) => ({ codes, rule: index }))),
    );
  }

  /** Fresh scanners for one text. */
  scanners(report: Report): readonly Scanner[] {
    const patterns = this.rules.flatMap(({ pattern }, index) =>
      pattern === null ? [] : [new PatternScanner(pattern, index, report)],
    );
    return this.#terms.longest === 0 ? patterns : [new TermScanner(this.#terms, report), ...patterns];
  }
}
