/** The screen made of rules: terms and patterns, exact to the character. */
import type { Rule } from './rule.js';
import { RuleSet } from './rule-set.js';
import type { Scanner } from './scanner.js';
import type { CategoryScores, Direction, Progress, Screen, ScreenContext, ScreenSpan, TextScreen } from './screen.js';
import { slicesInTurn } from './slices.js';

export class RuleScreen implements Screen {
  readonly name = 'rules';
  readonly instant = true;
  #rules: CompiledRules;

  constructor(rules: readonly Rule[]) {
    this.#rules = compile(rules);
  }

  /** Texts opened from now on are screened by these rules; those that are being written keep the ones they began with. */
  replace(rules: readonly Rule[]): void {
    this.#rules = compile(rules);
  }

  get categories(): readonly string[] {
    return [...new Set(this.#rules.all.rules.map(({ category }) => category))];
  }

  open({ direction }: Pick<ScreenContext, 'direction'>): RuleText {
    return new RuleText(this.#rules[direction]);
  }

  /** By the rules of both directions: a text to judge may be either. */
  async score(texts: readonly string[], signal?: AbortSignal): Promise<readonly CategoryScores[]> {
    const rules = this.#rules.all;
    const scores: CategoryScores[] = [];
    for (const text of texts) scores.push(await scoreText(new RuleText(rules), text, signal));
    return scores;
  }
}

async function scoreText(screened: RuleText, text: string, signal?: AbortSignal): Promise<CategoryScores> {
  const scores = new Map<string, number>();
  const note = ({ spans }: Progress) => {
    for (const { category, score } of spans) scores.set(category, score);
  };
  for await (const slice of slicesInTurn(text)) {
    signal?.throwIfAborted();
    note(screened.read(slice));
  }
  note(screened.end());
  return scores;
}

type CompiledRules = Readonly<Record<Direction | 'all', RuleSet>>;

function compile(rules: readonly Rule[]): CompiledRules {
  const prompt = new RuleSet(rules.filter(({ direction }) => direction !== 'output'));
  const output = new RuleSet(rules.filter(({ direction }) => direction !== 'prompt'));
  return { prompt, output, 'tool-arguments': output, all: new RuleSet(rules) };
}

/** One text under a set of rules. */
export class RuleText implements TextScreen {
  readonly #scanners: readonly Scanner[];
  #spans: ScreenSpan[] = [];
  /** Offset up to which the scanners have read. */
  #scannedTo = 0;
  /** A high surrogate that ended the last piece and waits for its other half. */
  #half = '';

  constructor(set: RuleSet) {
    const found = (rank: number, start: number, end: number) => {
      const { id, category, action, replacement } = set.rules[rank]!;
      this.#spans.push({ start, end, rule: id, category, score: 1, action, replacement, rank });
    };
    this.#scanners = set.scanners(found);
  }

  /** Elementary steps done so far: they grow linearly with the text. */
  get steps(): number {
    return this.#scanners.reduce((sum, scanner) => sum + scanner.steps, 0);
  }

  read(piece: string): Progress {
    this.#scan(this.#half + piece, false);
    let settledTo = this.#scannedTo;
    for (const { liveFrom } of this.#scanners) settledTo = Math.min(settledTo, liveFrom);
    return { spans: this.#take(), settledTo };
  }

  end(): Progress {
    this.#scan(this.#half, true);
    for (const scanner of this.#scanners) scanner.end(this.#scannedTo);
    return { spans: this.#take(), settledTo: this.#scannedTo };
  }

  #scan(text: string, isLast: boolean): void {
    let index = 0;
    while (index < text.length) {
      const first = text.charCodeAt(index);
      const isHigh = first >= 0xd800 && first <= 0xdbff;
      if (isHigh && !isLast && index + 1 === text.length) break;
      // Not by `codePointAt`: with it this loop, as Node 24 compiles it (Maglev, V8 13.6), misreads pairs of code units.
      const second = isHigh ? text.charCodeAt(index + 1) : 0;
      const isPair = second >= 0xdc00 && second <= 0xdfff;
      const code = isPair ? (first - 0xd800) * 0x400 + second - 0xdc00 + 0x10000 : first;
      const width = isPair ? 2 : 1;
      for (const scanner of this.#scanners) scanner.read(code, this.#scannedTo, this.#scannedTo + width);
      index += width;
      this.#scannedTo += width;
    }
    this.#half = text.slice(index);
  }

  #take(): readonly ScreenSpan[] {
    if (this.#spans.length === 0) return none;
    const spans = this.#spans;
    this.#spans = [];
    return spans;
  }
}

const none: readonly ScreenSpan[] = [];
