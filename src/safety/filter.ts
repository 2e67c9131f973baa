/** The safety filter: screens, watched and asked together, under one policy. */
import { type Decide, Guard, type OnFinding } from './guard.js';
import { type MaybePromise, whenThere } from './maybe-promise.js';
import { joinSafe } from './safe-text.js';
import type { Released, Safety, StreamGuard, TextOrigin } from './safety.js';
import type { Screen } from './screen.js';
import { type WatchSettings, watched } from './watched-screen.js';

export interface FilterSettings extends WatchSettings {
  /** What is done about a span of a text; the screens' own proposals without it. */
  readonly policy?: ((origin: TextOrigin) => Decide) | undefined;
  readonly onFinding?: ((origin: TextOrigin) => OnFinding) | undefined;
}

/** Milliseconds after which a screen that has not answered has failed. */
export const defaultTimeLimitMs = 5000;

const defaults: FilterSettings = { timeLimitMs: defaultTimeLimitMs, onFailure: 'block' };

export function createSafety(screens: readonly Screen[], settings: Partial<FilterSettings> = {}): Safety {
  const all = { ...defaults, ...settings };
  return { screens, guard: (origin) => openGuard(screens, origin, all) };
}

/** The filter without screens: everything passes as it is. */
export const unfiltered: Safety = createSafety([]);

/** A text that is there as a whole. */
export function screenWhole(guard: StreamGuard, text: string): MaybePromise<Released> {
  return whenThere(guard.push(text), (most) => whenThere(guard.end(), (rest) => joined(most, rest)));
}

function joined(most: Released, rest: Released): Released {
  return {
    text: joinSafe(most.text, rest.text),
    blocked: rest.blocked,
    findings: [...most.findings, ...rest.findings],
  };
}

function openGuard(screens: readonly Screen[], origin: TextOrigin, settings: FilterSettings): Guard {
  const { direction, signal } = origin;
  return new Guard({
    texts: screens.map((screen) => ({ name: screen.name, text: watched(screen, { direction, signal }, settings) })),
    decide: settings.policy?.(origin) ?? proposed,
    onFinding: settings.onFinding?.(origin),
  });
}

const proposed: Decide = ({ action }) => action;
