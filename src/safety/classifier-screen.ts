/** The screen made of a classifier: scores each window of a text by category. It knows no token and no model. */
import { type MaybePromise, whenThere } from './maybe-promise.js';
import type { CategoryScores, Direction, Progress, Screen, ScreenContext, ScreenSpan, TextScreen } from './screen.js';
import { defaultWindows, type TextWindow, TextWindows, type WindowLimits } from './text-windows.js';

/** Whose texts they are, and who waits. */
export interface ClassifyContext {
  readonly direction: Direction;
  readonly signal?: AbortSignal | undefined;
}

/** Scores of short texts, in order. Rejects when they cannot be had, or with the signal's reason. */
export type Classify = (texts: readonly string[], context: ClassifyContext) => Promise<readonly CategoryScores[]>;

export interface ClassifierSettings {
  /** What it is called in the audit, the metrics and the moderations. */
  readonly name: string;
  readonly classify: Classify;
  /** From this score on a category counts as found. Its keys are the categories. */
  readonly thresholds: ReadonlyMap<string, number>;
  /** What it proposes to do about what it finds; `off`: texts pass unread, and only `score` asks the classifier. */
  readonly action: 'off' | 'annotate' | 'block';
  readonly windows?: WindowLimits;
}

/** Windows of one request to the classifier: a long text does not fill its queue. */
const windowsAtOnce = 64;

export class ClassifierScreen implements Screen {
  readonly name: string;
  readonly categories: readonly string[];
  readonly thresholds: ReadonlyMap<string, number>;
  readonly scoresOnly: boolean;
  readonly instant: boolean;
  readonly #settings: ClassifierSettings;

  constructor(settings: ClassifierSettings) {
    this.name = settings.name;
    this.thresholds = settings.thresholds;
    this.categories = [...settings.thresholds.keys()];
    this.scoresOnly = settings.action === 'off';
    this.instant = this.scoresOnly;
    this.#settings = settings;
  }

  open({ direction, signal }: ScreenContext): TextScreen {
    return this.scoresOnly ? new UnreadText() : new ClassifiedText(this.#settings, { direction, signal });
  }

  /** Of each category the score of the window that has most of it. Texts that nobody's direction is told of are prompts. */
  async score(texts: readonly string[], signal?: AbortSignal): Promise<readonly CategoryScores[]> {
    const windows = texts.flatMap((text, owner) =>
      allWindows(text, this.#settings.windows).map((window) => ({ ...window, owner })),
    );
    const scores = await classifyAll(windows, this.#settings.classify, { direction: 'prompt', signal });
    const highest = texts.map(() => new Map<string, number>());
    for (const [index, { owner }] of windows.entries()) raise(highest[owner]!, scores[index]!);
    return highest;
  }
}

/** Passes as it is. */
class UnreadText implements TextScreen {
  #length = 0;

  read(piece: string): Progress {
    this.#length += piece.length;
    return this.end();
  }

  end(): Progress {
    return { spans: [], settledTo: this.#length };
  }
}

/** A character is settled when every window that it is in has its verdict, so what is blocked is blocked whole. */
class ClassifiedText implements TextScreen {
  readonly #settings: ClassifierSettings;
  readonly #context: ClassifyContext;
  readonly #windows: TextWindows;

  constructor(settings: ClassifierSettings, context: ClassifyContext) {
    this.#settings = settings;
    this.#context = context;
    this.#windows = new TextWindows(settings.windows ?? defaultWindows);
  }

  read(piece: string): MaybePromise<Progress> {
    return this.#judge(this.#windows.push(piece));
  }

  end(): MaybePromise<Progress> {
    return this.#judge(this.#windows.end());
  }

  #judge(windows: readonly TextWindow[]): MaybePromise<Progress> {
    const { settledTo } = this.#windows;
    if (windows.length === 0) return { spans: [], settledTo };
    return whenThere(classifyAll(windows, this.#settings.classify, this.#context), (scores) => {
      const spans = windows.flatMap((window, index) => this.#spansOf(window, scores[index] ?? new Map()));
      return { spans, settledTo };
    });
  }

  /** One of each category, found or not: the policy may have a threshold of its own, and the answer tells scores. */
  #spansOf({ start, end }: TextWindow, scores: CategoryScores): ScreenSpan[] {
    const { thresholds, action } = this.#settings;
    return [...thresholds].map(([category, threshold], rank) => {
      const score = scores.get(category) ?? 0;
      const proposed = score >= threshold && action !== 'off' ? action : 'allow';
      return { start, end, rule: category, category, score, action: proposed, replacement: '[removed]', rank };
    });
  }
}

function allWindows(text: string, limits: WindowLimits = defaultWindows): readonly TextWindow[] {
  const windows = new TextWindows(limits);
  return [...windows.push(text), ...windows.end()];
}

async function classifyAll(
  windows: readonly TextWindow[],
  classify: Classify,
  context: ClassifyContext,
): Promise<readonly CategoryScores[]> {
  const scores: CategoryScores[] = [];
  for (let at = 0; at < windows.length; at += windowsAtOnce) {
    // A classifier that does not look at the signal is asked no further either.
    context.signal?.throwIfAborted();
    const some = windows.slice(at, at + windowsAtOnce);
    scores.push(
      ...(await classify(
        some.map(({ text }) => visible(text)),
        context,
      )),
    );
  }
  return scores;
}

function raise(highest: Map<string, number>, scores: CategoryScores): void {
  for (const [category, score] of scores) highest.set(category, Math.max(score, highest.get(category) ?? 0));
}

/** As a reader sees it: without characters that show nothing, and with plain letters for their ornamental forms. */
function visible(text: string): string {
  return text.replace(/\p{Default_Ignorable_Code_Point}/gu, '').normalize('NFKC');
}
