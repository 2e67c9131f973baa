/** A prompt on its way through the safety filter: what the model may read, and what the filter thought. */
import { OctavoError } from '../errors.js';
import type { ServedModel } from '../models/served-model.js';
import { screenWhole } from '../safety/filter.js';
import { type MaybePromise, whenThere } from '../safety/maybe-promise.js';
import type { Released, Safety, StreamGuard, TextOrigin } from '../safety/safety.js';
import type { Direction } from '../safety/screen.js';
import { ContentFilterError, filterResults } from './content-filter.js';
import type { Metrics } from './metrics.js';
import { type ModelInput, type Prompt, screenPrompt } from './prompt.js';
import type { FilterResults } from './schema/answer-schema.js';

export interface ScreeningContext {
  readonly safety: Safety;
  readonly metrics: Metrics;
  /** Who asks. */
  readonly tenant: string;
  /** Id of the request. */
  readonly requestId: string;
  /** The answer tells what the safety filter thought. */
  readonly tellFilter: boolean;
  /** Ends everything that this request started. */
  readonly signal: AbortSignal;
}

export interface ScreenedInput {
  readonly input: ModelInput;
  readonly filter: FilterResults;
}

/** Throws what `screenPrompt` throws, or the signal's reason; the error of a blocked prompt tells why where that is asked for. */
export async function screenInput(
  prompt: Prompt,
  model: ServedModel,
  context: ScreeningContext,
): Promise<ScreenedInput> {
  const guards: StreamGuard[] = [];
  const screen = (text: string) => {
    const guard = context.safety.guard(originOf(context, 'prompt'));
    guards.push(guard);
    return screenText(text, guard, context);
  };
  try {
    const input = await screenPrompt(prompt, model, screen);
    return { input, filter: filterResults(context.safety, guards) };
  } catch (error) {
    const isBlocked = error instanceof OctavoError && error.code === 'content_filter';
    if (!isBlocked || !context.tellFilter) throw error;
    throw new ContentFilterError(error, filterResults(context.safety, guards));
  }
}

export function originOf({ tenant, requestId, signal }: ScreeningContext, direction: Direction): TextOrigin {
  return { direction, tenant, request: requestId, signal };
}

function screenText(text: string, guard: StreamGuard, context: ScreeningContext): MaybePromise<Released> {
  return whenThere(screenWhole(guard, text), (verdict) => {
    context.metrics.countFindings('prompt', verdict.findings);
    // What was cut short by the caller's leaving is no verdict.
    context.signal.throwIfAborted();
    return verdict;
  });
}
