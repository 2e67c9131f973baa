/** Rules compiled together for one direction; immutable, shared by all texts that are screened with it. */
import type { Entity } from './entities.js';
import { EntityScanner } from './entity-scanner.js';
import { EvasiveScanner } from './evasive-scanner.js';
import { HiddenScanner } from './hidden-scanner.js';
import type { Past } from './past.js';
import type { Pattern } from './pattern.js';
import { Beginners, PatternGroup } from './pattern-group.js';
import { PatternScanner } from './pattern-scanner.js';
import { PlainScanner } from './plain-scanner.js';
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
  readonly #patterns: readonly { readonly pattern: Pattern; readonly rule: number }[];
  readonly #patternBeginners: Beginners;
  readonly #entities: readonly { readonly entity: Entity; readonly rule: number }[];
  readonly #entityBeginners: Beginners;

  constructor(rules: readonly Rule[]) {
    this.rules = rules;
    this.#terms = new TermAutomaton(
      rules.flatMap((rule, index) => rule.terms.map((codes) => ({ codes, rule: index }))),
    );
    this.#evasiveTerms = new TermTrie(
      rules.flatMap((rule, index) => rule.evasiveTerms.map((term) => ({ ...term, rule: index }))),
    );
    this.#patterns = rules.flatMap(({ pattern }, rule) => (pattern === null ? [] : [{ pattern, rule }]));
    this.#patternBeginners = new Beginners(this.#patterns.map(({ pattern }) => pattern));
    this.#entities = rules.flatMap(({ entity }, rule) => (entity === null ? [] : [{ entity, rule }]));
    this.#entityBeginners = new Beginners(this.#entities.map(({ entity }) => entity.pattern));
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
    if (this.#patterns.length > 0) {
      const make = (past: Past) =>
        this.#patterns.map(({ pattern, rule }) => new PatternScanner(pattern, { rule, report, past }));
      readers.push(new PatternGroup(this.#patternBeginners, make));
    }
    if (this.#entities.length > 0) {
      const make = (past: Past) =>
        this.#entities.map(({ entity, rule }) => new EntityScanner(entity, { rule, report, past }));
      readers.push(new PlainScanner(new PatternGroup(this.#entityBeginners, make)));
    }
    return readers;
  }
}
