/** Rules compiled together for one direction; immutable, shared by all texts that are screened with it. */
import { EntityScanner } from './entity-scanner.js';
import { EvasiveScanner } from './evasive-scanner.js';
import { HiddenScanner } from './hidden-scanner.js';
import { PatternScanner } from './pattern-scanner.js';
import type { Rule } from './rule.js';
import type { Report, Scanner } from './scanner.js';
import { TermAutomaton } from './term-automaton.js';
import { TermScanner } from './term-scanner.js';
import { TermTrie } from './term-trie.js';

export class RuleSet {
  /** In the order of the file; scanners name a rule by its index here. */
  readonly rules: readonly Rule[];
  readonly #terms: TermAutomaton;
  readonly #evasiveTerms: TermTrie;

  constructor(rules: readonly Rule[]) {
    this.rules = rules;
    this.#terms = new TermAutomaton(
      rules.flatMap((rule, index) => rule.terms.map((codes) => ({ codes, rule: index }))),
    );
    this.#evasiveTerms = new TermTrie(
      rules.flatMap((rule, index) => rule.evasiveTerms.map((term) => ({ ...term, rule: index }))),
    );
  }

  /** Fresh scanners for one text. */
  scanners(report: Report): readonly Scanner[] {
    const visible = this.#readers(report);
    return visible.length === 0 ? [] : [...visible, new HiddenScanner(() => this.#readers(report))];
  }

  #readers(report: Report): readonly Scanner[] {
    const readers: Scanner[] = [];
    if (this.#terms.longest > 0) readers.push(new TermScanner(this.#terms, report));
    if (!this.#evasiveTerms.isEmpty) readers.push(new EvasiveScanner(this.#evasiveTerms, report));
    this.rules.forEach(({ pattern, entity }, rule) => {
      if (pattern !== null) readers.push(new PatternScanner(pattern, { rule, report }));
      if (entity !== null) readers.push(new EntityScanner(entity, rule, report));
    });
    return readers;
  }
}
