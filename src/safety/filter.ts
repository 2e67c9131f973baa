/** The safety filter: screens, watched and asked together, under one policy. */
import { type Decide, Guard, type OnFinding } from './guard.js';
import { judgeTexts } from './judge.js';
import { lagging } from './lagging-screen.js';
import { type MaybePromise, whenThere } from './maybe-promise.js';
import { joinSafe, noText } from './safe-text.js';
import type { Released, Safety, StreamGuard, TextOrigin } from './safety.js';
import type { Screen, TextScreen } from './screen.js';
import { sliceLength, slicesInTurn } from './slices.js';
import { type WatchSettings, watched } from './watched-screen.js';

export interface FilterSettings extends WatchSettings {
  /**
   * Code units of an output that may leave before a screen that is not instant has judged them; 0: none. Prompts and
   * tool arguments are always judged first: they cannot be taken back.
   */
  readonly ahead: number;
  /** What is done about a span of a text; the screens' own proposals without it. */
  readonly policy?: ((origin: TextOrigin) => Decide) | undefined;
  readonly onFinding?: ((origin: TextOrigin) => OnFinding) | undefined;
}

/** Milliseconds after which a screen that has not answered has failed. */
export const defaultTimeLimitMs = 5000;

const defaults: FilterSettings = { timeLimitMs: defaultTimeLimitMs, onFailure: 'block', ahead: 0 };

export function createSafety(screens: readonly Screen[], settings: Partial<FilterSettings> = {}): Safety {
  const all = { ...defaults, ...settings };
  return {
    screens,
    guard: (origin) => openGuard(screens, origin, all),
    judge: (texts, signal) => judgeTexts(screens, texts, { settings: all, signal }),
  };
}

/** The filter without screens: everything passes as it is. */
export const unfiltered: Safety = createSafety([]);

/** A text that is there as a whole; at once where it is short and the screens answer at once. */
export function screenWhole(guard: StreamGuard, text: string): MaybePromise<Released> {
  if (text.length > sliceLength) return screenSlices(guard, text);
  return whenThere(guard.push(text), (most) => whenThere(guard.end(), (rest) => joined(most, rest)));
}

async function screenSlices(guard: StreamGuard, text: string): Promise<Released> {
  let released: Released = { text: noText, blocked: false, findings: [] };
  for await (const slice of slicesInTurn(text)) {
    released = joined(released, await guard.push(slice));
    if (released.blocked) return released;
  }
  return joined(released, await guard.end());
}

function joined(most: Released, rest: Released): Released {
  return {
    text: joinSafe(most.text, rest.text),
    blocked: rest.blocked,
    findings: [...most.findings, ...rest.findings],
  };
}

function openGuard(screens: readonly Screen[], origin: TextOrigin, settings: FilterSettings): Guard {
  return new Guard({
    texts: screens.map((screen) => ({ name: screen.name, text: openScreen(screen, origin, settings) })),
    decide: settings.policy?.(origin) ?? proposed,
    onFinding: settings.onFinding?.(origin),
  });
}

function openScreen(screen: Screen, { direction, signal }: TextOrigin, settings: FilterSettings): TextScreen {
  const text = watched(screen, { direction, signal }, settings);
  const mayLag = settings.ahead > 0 && direction === 'output' && !screen.instant;
  return mayLag ? lagging(text, settings.ahead) : text;
}

const proposed: Decide = ({ action }) => action;
