/** Whole texts, judged by every screen: scores instead of a text that may leave. */
import { OctavoError } from '../errors.js';
import type { CategoryScores, Screen } from './screen.js';
import { eitherSignal, inTime, type WatchSettings } from './watched-screen.js';

/** The highest score that any screen gives. */
export interface Judgement {
  /** 0 to 1. */
  readonly score: number;
  /** A screen thinks that the text is of this category: its score reaches the screen's threshold. */
  readonly found: boolean;
}

/** By category; one that is absent scored 0. */
export type Judgements = ReadonlyMap<string, Judgement>;

/** Where nothing names a threshold. */
export const defaultThreshold = 0.5;

/**
 * The judgements of texts, in order; each screen judges them together. Throws `screen_failed`: a judgement that is not
 * whole is none.
 */
export async function judgeTexts(
  screens: readonly Screen[],
  texts: readonly string[],
  { settings, signal }: { readonly settings: WatchSettings; readonly signal?: AbortSignal | undefined },
): Promise<readonly Judgements[]> {
  const judged = texts.map(() => new Map<string, Judgement>());
  await Promise.all(
    screens.map(async (screen) => {
      const scores = await scoreAll(screen, texts, { settings, signal });
      for (const [index, one] of scores.entries()) merge(judged[index]!, one, screen);
    }),
  );
  return judged;
}

async function scoreAll(
  screen: Screen,
  texts: readonly string[],
  { settings, signal }: { readonly settings: WatchSettings; readonly signal?: AbortSignal | undefined },
): Promise<readonly CategoryScores[]> {
  const over = new AbortController();
  try {
    const scores = screen.score(texts, eitherSignal(signal, over.signal));
    return await inTime(Promise.resolve(scores), settings.timeLimitMs);
  } catch (error) {
    over.abort();
    signal?.throwIfAborted();
    settings.onError?.(screen.name, error);
    const message = `The screen '${screen.name}' could not judge the input; try again.`;
    throw new OctavoError('screen_failed', message, 'input', { cause: error });
  }
}

function merge(judged: Map<string, Judgement>, scores: CategoryScores, { thresholds }: Screen): void {
  for (const [category, score] of scores) {
    const known = judged.get(category);
    const found = score >= (thresholds?.get(category) ?? defaultThreshold);
    judged.set(category, { score: Math.max(score, known?.score ?? 0), found: found || (known?.found ?? false) });
  }
}
