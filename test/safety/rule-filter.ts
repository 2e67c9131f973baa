/** The filter made of rules alone, which answers at once: so that a test reads what leaves without waiting. */
import { createSafety, screenWhole } from '#octavo/safety/filter.js';
import { Guard } from '#octavo/safety/guard.js';
import { isPromise, type MaybePromise } from '#octavo/safety/maybe-promise.js';
import { loadRuleScreen } from '#octavo/safety/rule-filter.js';
import { RuleText } from '#octavo/safety/rule-screen.js';
import type { RuleSet } from '#octavo/safety/rule-set.js';
import type { Finding, Released, Safety, StreamGuard } from '#octavo/safety/safety.js';
import type { Direction } from '#octavo/safety/screen.js';

export type RuleFinding = Pick<Finding, 'rule' | 'category' | 'action'>;

/** What leaves, and which rules matched. */
export interface Leaving {
  readonly text: string;
  readonly blocked: boolean;
  readonly findings: readonly RuleFinding[];
}

export interface RuleFilter {
  screenPrompt(text: string): Leaving;
  guardOutput(): RuleStream;
}

/** The filter of a rules file; `null` is the list that ships with the package. */
export function loadSafety(file: string | null): RuleFilter {
  return ruleFilter(createSafety([loadRuleScreen(file)]));
}

export function ruleFilter(safety: Safety): RuleFilter {
  const guard = (direction: Direction) => safety.guard({ direction, tenant: '', request: 'test' });
  return {
    screenPrompt: (text) => leaving(screenWhole(guard('prompt'), text)),
    guardOutput: () => new RuleStream(guard('output')),
  };
}

export class RuleStream {
  readonly #guard: StreamGuard;

  constructor(guard: StreamGuard) {
    this.#guard = guard;
  }

  push(text: string): Leaving {
    return leaving(this.#guard.push(text));
  }

  end(): Leaving {
    return leaving(this.#guard.end());
  }
}

/** A guard of rules that tells what it holds and how much it has worked. */
export class RuleGuard extends RuleStream {
  readonly #own: Guard;
  readonly #text: RuleText;

  constructor(set: RuleSet) {
    const text = new RuleText(set);
    const own = new Guard({ texts: [{ name: 'rules', text }], decide: ({ action }) => action });
    super(own);
    this.#own = own;
    this.#text = text;
  }

  get heldLength(): number {
    return this.#own.heldLength;
  }

  get steps(): number {
    return this.#text.steps;
  }
}

function leaving(released: MaybePromise<Released>): Leaving {
  if (isPromise(released)) throw new Error('Rules answer at once.');
  const { text, blocked, findings } = released;
  return { text, blocked, findings: findings.map(({ rule, category, action }) => ({ rule, category, action })) };
}
