/** Decides what the next step does. Pure functions over plain data: no model, no clock, no state. */

export interface SchedulerLimits {
  /** A longer prompt is computed in chunks of this many tokens, between decode steps. */
  readonly chunkTokens: number;
  /** Padded tokens (rows × longest) that prompts prefilled together may cost. */
  readonly prefillTokens: number;
  /** Padding that a prefill may hold: 1 - useful / padded tokens. */
  readonly maxWaste: number;
}

export const defaultLimits: SchedulerLimits = { chunkTokens: 256, prefillTokens: 512, maxWaste: 0.1 };

/** What the scheduler sees of the batcher. */
export interface SchedulerView {
  /** Prompt lengths of the waiting sequences, oldest first. */
  readonly waiting: readonly number[];
  /** Tokens of each waiting prompt that need not be computed, in the same order. */
  readonly reusable: readonly number[];
  /** Rows that decode. */
  readonly decoding: number;
  readonly freeRows: number;
  /** The prompt that is being computed in chunks: its length and how much of it is cached. */
  readonly chunked: { readonly length: number; readonly past: number } | null;
  readonly lastWasPrefill: boolean;
}

/** Prefill: waiting sequences by their places in `waiting`, or the next part of the chunked prompt. */
export interface PrefillPlan {
  readonly kind: 'admit' | 'chunk';
  readonly places: readonly number[];
  /** Tokens of each prompt to compute now; less than all of a prompt that is computed in chunks. */
  readonly tokens: readonly number[];
}

export type Plan = PrefillPlan | { readonly kind: 'decode' };

/**
 * The next step, or `null` when there is nothing to do. Prefill and decode alternate: running sequences wait for at
 * most one prefill, and where a row is free newcomers wait for at most one decode step, or for the chunks of the long
 * prompt that is being computed. The oldest waiting sequence is always the next to be admitted, so none waits for
 * ever; others of similar length join it.
 */
export function nextPlan(view: SchedulerView, limits: SchedulerLimits): Plan | null {
  if (view.decoding > 0 && view.lastWasPrefill) return { kind: 'decode' };
  if (view.chunked !== null) return { kind: 'chunk', places: [], tokens: [chunkLength(view.chunked, limits)] };
  if (view.waiting.length > 0 && view.freeRows > 0) return admit(view, limits);
  return view.decoding > 0 ? { kind: 'decode' } : null;
}

/**
 * Tokens of the next chunk. The cuts follow from the prompt alone, and no chunk holds a single token (it would be
 * computed by another path than the others), so a prompt has the same cache whatever else is running.
 */
export function chunkLength(
  { length, past }: { length: number; past: number },
  { chunkTokens }: SchedulerLimits,
): number {
  const left = length - past;
  return left <= chunkTokens + 1 ? left : chunkTokens;
}

function admit({ waiting, reusable, freeRows }: SchedulerView, limits: SchedulerLimits): Plan {
  const [oldest = 0] = waiting;
  const [past = 0] = reusable;
  const tokens = chunkLength({ length: oldest, past }, limits);
  // A prompt with a past is computed alone (ONNX Runtime).
  if (past + tokens < oldest || past > 0) return { kind: 'admit', places: [0], tokens: [tokens] };
  const places = [0, ...companions({ waiting, reusable }, freeRows - 1, limits)];
  return { kind: 'admit', places, tokens: places.map((place) => waiting[place] ?? 0) };
}

/** Waiting sequences that join the oldest one, nearest in length first, while padding and budget allow. */
function companions(
  { waiting, reusable }: Pick<SchedulerView, 'waiting' | 'reusable'>,
  rows: number,
  limits: SchedulerLimits,
): number[] {
  const oldest = waiting[0] ?? 0;
  const candidates = waiting
    .map((length, place) => ({ length, place }))
    .slice(1)
    .filter(({ length, place }) => !reusable[place] && chunkLength({ length, past: 0 }, limits) === length)
    .sort((a, b) => Math.abs(a.length - oldest) - Math.abs(b.length - oldest) || a.place - b.place);
  const places: number[] = [];
  let [longest, useful] = [oldest, oldest];
  for (const { length, place } of candidates) {
    if (places.length === rows) break;
    const padded = Math.max(longest, length) * (places.length + 2);
    if (padded > limits.prefillTokens || 1 - (useful + length) / padded > limits.maxWaste) break;
    places.push(place);
    longest = Math.max(longest, length);
    useful += length;
  }
  return places;
}
