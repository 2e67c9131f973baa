/** Screens one text by a set of rules while it is still being written. */
import { invariant } from '../errors.js';
import type { RuleSet } from './rule-set.js';
import type { Finding, SafeText, SafetyAction, StreamGuard } from './safety.js';
import type { Scanner } from './scanner.js';
import { addOccurrence, cutBefore, dropUpTo, inOrder, overlapping, type Span } from './span.js';

/**
 * What leaves is a function of the whole text, whatever the pieces (docs/safety.md states it):
 * - a rule covers every character of each of its occurrences; occurrences of one rule that overlap are one span;
 * - the block that counts is the leftmost one; the text is cut where it starts, or where the redactions that reach
 *   into it start, and nothing after the cut is released or reported;
 * - redacted spans that overlap are replaced once, by the replacement of the leftmost, longest, first rule.
 * Spans are settled from left to right: what starts before `frontier`, where the first unfinished match begins, is
 * known for good.
 */
export class RuleGuard implements StreamGuard {
  readonly #set: RuleSet;
  readonly #scanners: readonly Scanner[];
  /** Spans that have not left yet, for each rule, in order of `end`. */
  readonly #spans: Span[][];
  /** Text that has not left yet, and the offset of its first code unit in the whole text. */
  #held = '';
  #heldFrom = 0;
  /** Offset up to which the scanners have read. */
  #scannedTo = 0;
  /** A high surrogate that ended the last piece and waits for its other half. */
  #half = '';
  #state: 'open' | 'ended' | 'blocked' = 'open';

  constructor(set: RuleSet) {
    this.#set = set;
    this.#spans = set.rules.map(() => []);
    this.#scanners = set.scanners((rule, start, end) => addOccurrence(this.#spans[rule]!, { rule, start, end }));
  }

  /** Code units held back now. */
  get heldLength(): number {
    return this.#held.length;
  }

  /** Elementary steps done so far: they grow linearly with the text. */
  get steps(): number {
    return this.#scanners.reduce((sum, scanner) => sum + scanner.steps, 0);
  }

  push(text: string): SafeText {
    if (this.#state === 'blocked') return { text: '', blocked: true, findings: [] };
    invariant(this.#state === 'open', 'no text comes after the end.');
    this.#held += text;
    this.#scan(this.#half + text, false);
    return this.#settle(Math.min(this.#scannedTo, ...this.#scanners.map((scanner) => scanner.liveFrom)));
  }

  end(): SafeText {
    if (this.#state === 'blocked') return { text: '', blocked: true, findings: [] };
    invariant(this.#state === 'open', 'a text ends once.');
    this.#state = 'ended';
    this.#scan(this.#half, true);
    for (const scanner of this.#scanners) scanner.end(this.#scannedTo);
    return this.#settle(this.#scannedTo);
  }

  #scan(text: string, isLast: boolean): void {
    let index = 0;
    while (index < text.length) {
      const code = text.codePointAt(index)!;
      const isHalf = code >= 0xd800 && code <= 0xdbff;
      if (isHalf && !isLast && index + 1 === text.length) break;
      const width = code > 0xffff ? 2 : 1;
      for (const scanner of this.#scanners) scanner.read(code, this.#scannedTo, this.#scannedTo + width);
      index += width;
      this.#scannedTo += width;
    }
    this.#half = text.slice(index);
  }

  #settle(frontier: number): SafeText {
    const spans = this.#spans.flat().sort(inOrder);
    const block = spans.find((span) => span.start < frontier && this.#action(span) === 'block');
    const redactions = spans.filter((span) => this.#action(span) === 'redact');
    const cut = block ? cutBefore(redactions, block.start) : cutBefore(spans, frontier);
    const leaving = spans.filter((span) => span.end <= cut);
    const text = this.#redacted(cut, leaving);
    if (block) {
      this.#state = 'blocked';
      this.#held = '';
      return { text, blocked: true, findings: [...leaving, block].map((span) => this.#finding(span)) };
    }
    for (const spans of this.#spans) dropUpTo(spans, cut);
    this.#held = this.#held.slice(cut - this.#heldFrom);
    this.#heldFrom = cut;
    return { text, blocked: false, findings: leaving.map((span) => this.#finding(span)) };
  }

  /** The held text up to `cut`, redacted. */
  #redacted(cut: number, leaving: readonly Span[]): string {
    let text = '';
    let from = this.#heldFrom;
    for (const group of overlapping(leaving.filter((span) => this.#action(span) === 'redact'))) {
      const start = group[0]!.start;
      const first = group
        .filter((span) => span.start === start)
        .reduce((one, other) => (other.end > one.end ? other : one));
      text +=
        this.#held.slice(from - this.#heldFrom, start - this.#heldFrom) + this.#set.rules[first.rule]!.replacement;
      from = group.reduce((end, span) => Math.max(end, span.end), start);
    }
    return text + this.#held.slice(from - this.#heldFrom, cut - this.#heldFrom);
  }

  #action(span: Span): SafetyAction {
    return this.#set.rules[span.rule]!.action;
  }

  #finding(span: Span): Finding {
    const { id, category, action } = this.#set.rules[span.rule]!;
    return { rule: id, category, action };
  }
}
