/** Screens one text while it is still being written: asks every screen, decides by the policy, releases what is settled. */
import { invariant } from '../errors.js';
import { allThere, type MaybePromise, whenThere } from './maybe-promise.js';
import { type RedactedSpan, redacted } from './redaction.js';
import { noText, passScreened } from './safe-text.js';
import type { CategoryVerdict, Finding, Released, SafetyAction, StreamGuard } from './safety.js';
import type { Action, Progress, ScreenSpan, TextScreen } from './screen.js';
import { addOccurrence, cutBefore, dropUpTo, inOrder } from './span.js';

/** What the policy makes of a span. */
export type Decide = (span: ScreenSpan) => Action;

/** One screen of a text, by name. */
export interface NamedText {
  readonly name: string;
  readonly text: TextScreen;
}

/** Told of every finding, with the text that it covers as far as that is still here. */
export type OnFinding = (finding: Finding, covered: string, length: number) => void;

interface GuardSettings {
  readonly texts: readonly NamedText[];
  readonly decide: Decide;
  readonly onFinding?: OnFinding | undefined;
}

/** A span that something is done about. */
interface DecidedSpan extends RedactedSpan {
  /** Where it starts, though that may have left before the verdict came. */
  readonly from: number;
  readonly finding: Finding;
}

/** Ranks of one screen; those of the next come behind. */
const ranks = 2 ** 20;

/**
 * What leaves is a function of the whole text, whatever the pieces (docs/safety.md states it):
 * - a rule covers every character of each of its occurrences; occurrences of one rule that overlap are one span;
 * - the block that counts is the leftmost one; the text is cut where it starts, or where the redactions that reach
 *   into it start, and nothing after the cut is released or reported;
 * - redacted spans that overlap are replaced once, by the replacement of the leftmost, longest, first rule.
 * Spans are settled from left to right: what starts before the frontier, which no screen will find anything before,
 * is known for good.
 */
export class Guard implements StreamGuard {
  readonly verdicts = new Map<string, CategoryVerdict>();
  readonly #settings: GuardSettings;
  /** Spans that have not left yet, for each rule and action, in order of `end`. */
  readonly #spans = new Map<string, DecidedSpan[]>();
  /** Scores of spans behind the frontier: they count unless a block comes first. */
  #ahead: Pick<ScreenSpan, 'start' | 'category' | 'score'>[] = [];
  /** Text that has not left yet, and the offset of its first code unit in the whole text. */
  #held = '';
  #heldFrom = 0;
  #state: 'open' | 'ended' | 'blocked' = 'open';

  constructor(settings: GuardSettings) {
    this.#settings = settings;
  }

  /** Code units held back now. */
  get heldLength(): number {
    return this.#held.length;
  }

  push(text: string): MaybePromise<Released> {
    if (this.#state === 'blocked') return nothingMore;
    invariant(this.#state === 'open', 'no text comes after the end.');
    this.#held += text;
    return this.#ask((screen) => screen.read(text));
  }

  end(): MaybePromise<Released> {
    if (this.#state === 'blocked') return nothingMore;
    invariant(this.#state === 'open', 'a text ends once.');
    this.#state = 'ended';
    return this.#ask((screen) => screen.end());
  }

  #ask(read: (screen: TextScreen) => MaybePromise<Progress>): MaybePromise<Released> {
    const answers = allThere(this.#settings.texts.map(({ text }) => read(text)));
    return whenThere(answers, (progress) => this.#settle(progress));
  }

  #settle(progress: readonly Progress[]): Released {
    let frontier = this.#heldFrom + this.#held.length;
    for (const [screen, { spans, settledTo }] of progress.entries()) {
      for (const span of spans) this.#take(span, screen);
      frontier = Math.min(frontier, settledTo);
    }
    return this.#release(frontier);
  }

  #take(span: ScreenSpan, screen: number): void {
    const { category, rule, score, replacement } = span;
    this.#ahead.push({ start: span.start, category, score });
    const action = this.#actionOn(span);
    if (action === 'allow') return;
    const key = `${screen} ${rule} ${action}`;
    const spans = this.#spans.get(key) ?? [];
    this.#spans.set(key, spans);
    const finding = { screen: this.#settings.texts[screen]!.name, rule, category, action, score };
    const start = Math.max(span.start, this.#heldFrom);
    const end = Math.max(span.end, start);
    const order = screen * ranks + span.rank;
    addOccurrence(spans, { start, end, from: span.start, order, finding, replacement }, joined);
  }

  /** What has left before its verdict came cannot be replaced any more: the text is cut. */
  #actionOn(span: ScreenSpan): Action {
    const action = this.#settings.decide(span);
    return action === 'redact' && span.start < this.#heldFrom ? 'block' : action;
  }

  #release(frontier: number): Released {
    const spans = [...this.#spans.values()].flat().sort(inOrder);
    const block = spans.find((span) => isDone(span, 'block') && (span.start < frontier || span.end === span.start));
    const redactions = spans.filter((span) => isDone(span, 'redact'));
    // What starts with the block was judged with it.
    this.#noteScores(block ? block.start + 1 : frontier);
    const cut = block ? cutBefore(redactions, block.start) : cutBefore(spans, frontier);
    const leaving = spans.filter((span) => span !== block && span.end <= cut);
    const replaced = leaving.filter((span) => isDone(span, 'redact'));
    const text = passScreened(redacted({ text: this.#held, from: this.#heldFrom }, cut, replaced));
    const reported = block ? [...leaving, block] : leaving;
    this.#report(reported);
    const findings = reported.map(({ finding }) => finding);
    if (block) {
      this.#state = 'blocked';
      this.#held = '';
      return { text, blocked: true, findings };
    }
    for (const [key, spans] of this.#spans) {
      dropUpTo(spans, cut);
      if (spans.length === 0) this.#spans.delete(key);
    }
    this.#held = this.#held.slice(cut - this.#heldFrom);
    this.#heldFrom = cut;
    return { text, blocked: false, findings };
  }

  /** Of the spans that start before this offset. */
  #noteScores(to: number): void {
    for (const { start, category, score } of this.#ahead) if (start < to) this.#note(category, score, 'allow');
    this.#ahead = this.#ahead.filter(({ start }) => start >= to);
  }

  #note(category: string, score: number, action: Action): void {
    const known = this.verdicts.get(category) ?? { score, action };
    const strictest = strictness.indexOf(action) > strictness.indexOf(known.action) ? action : known.action;
    this.verdicts.set(category, { score: Math.max(score, known.score), action: strictest });
  }

  #report(spans: readonly DecidedSpan[]): void {
    const { onFinding } = this.#settings;
    for (const { finding, from, start, end } of spans) {
      this.#note(finding.category, finding.score, finding.action);
      onFinding?.(finding, this.#held.slice(start - this.#heldFrom, end - this.#heldFrom), end - from);
    }
  }
}

const strictness: readonly Action[] = ['allow', 'annotate', 'redact', 'block'];

const nothingMore: Released = { text: noText, blocked: true, findings: [] };

function isDone(span: DecidedSpan, action: SafetyAction): boolean {
  return span.finding.action === action;
}

/** Two occurrences of one rule as one span. */
function joined(earlier: DecidedSpan, later: DecidedSpan): DecidedSpan {
  const score = Math.max(earlier.finding.score, later.finding.score);
  const start = Math.min(earlier.start, later.start);
  return { ...later, start, from: Math.min(earlier.from, later.from), finding: { ...later.finding, score } };
}
