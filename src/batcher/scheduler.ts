/** Decides what the next step does. Pure functions over plain data: no model, no clock, no state. */
import type { Speculation } from '../models/decoder/step.js';

export interface SchedulerLimits {
  /** A longer prompt is computed in chunks of this many tokens, between decode steps. */
  readonly chunkTokens: number;
  /** Padded tokens (rows × longest) that prompts prefilled together may cost. */
  readonly prefillTokens: number;
  /** Padding that a prefill may hold: 1 - useful / padded tokens. */
  readonly maxWaste: number;
  /** Milliseconds of decoding that one message to the engine may ask for, where one round takes less. */
  readonly messageMs: number;
  /**
   * `length`: prompts of similar length are prefilled together, and short ones overtake a long one between its chunks.
   * `arrival`: strictly as they come, whatever the padding; for comparison alone.
   */
  readonly grouping: 'length' | 'arrival';
}

export const defaultLimits: SchedulerLimits = {
  chunkTokens: 256,
  prefillTokens: 512,
  maxWaste: 0.1,
  messageMs: 6,
  grouping: 'length',
};

/** What the scheduler sees of the batcher. */
export interface SchedulerView {
  /** Prompt lengths of the waiting sequences, oldest first. */
  readonly waiting: readonly number[];
  /** Tokens of each waiting prompt that need not be computed, in the same order. */
  readonly reusable: readonly number[];
  /** Rows that decode. */
  readonly decoding: number;
  /** Milliseconds that a round of these rows will take, at most about; `null`: nobody knows yet. */
  readonly roundMs: number | null;
  /** The fewest tokens that one of these rows may still get. */
  readonly tokensLeft: number;
  /** Tokens to guess for each of these rows in a round; 0: none. */
  readonly draftTokens: number;
  readonly freeRows: number;
  /** The prompt that is being computed in chunks: its length and how much of it is cached. */
  readonly chunked: { readonly length: number; readonly past: number } | null;
  /** The last step was a prefill. */
  readonly lastWasPrefill: boolean;
  /** Padded tokens of the prompts that were admitted since the last chunk of a long one. */
  readonly overtaken: number;
}

/** Prefill: waiting sequences by their places in `waiting`, or the next part of the chunked prompt. */
export interface PrefillPlan {
  readonly kind: 'admit' | 'chunk';
  readonly places: readonly number[];
  /** Tokens of each prompt to compute now; less than all of a prompt that is computed in chunks. */
  readonly tokens: readonly number[];
}

/** One more token for each decoding row, and again, `rounds` times. */
export interface DecodePlan {
  readonly kind: 'decode';
  readonly rounds: number;
  readonly speculation?: Speculation;
}

export type Plan = PrefillPlan | DecodePlan;

/** A sequence that waits. */
interface Waiting {
  readonly place: number;
  readonly length: number;
  /** Tokens of it that need not be computed. */
  readonly past: number;
}

/**
 * The next step, or `null` when there is nothing to do. Prefill and decode alternate: running sequences wait for at
 * most one prefill, and where a row is free newcomers wait for at most one decode step. The oldest waiting sequence is
 * the next to be admitted, and others of similar length join it. While a long prompt is computed in chunks, prompts
 * that need no chunks are admitted between them, oldest first, within the budget of one prefill for each chunk. So
 * none waits for ever: a sequence waits for the chunks of those before it, with each at most `prefillTokens` of others
 * and the decode steps between, and for rows.
 */
export function nextPlan(view: SchedulerView, limits: SchedulerLimits): Plan | null {
  const { waiting, freeRows, decoding, chunked } = view;
  if (decoding > 0 && view.lastWasPrefill) return decode(view, limits);
  if (chunked !== null)
    return overtake(view, limits) ?? { kind: 'chunk', places: [], tokens: [chunkLength(chunked, limits)] };
  if (waiting.length > 0 && freeRows > 0) return admit(view, limits);
  return decoding > 0 ? decode(view, limits) : null;
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

/**
 * Decoding by short rounds in fewer messages. No sequence gets more tokens than it may, who could begin waits for one
 * round (who comes later interrupts the message), and who is cancelled has its row for `messageMs` more at most.
 */
function decode(view: SchedulerView, limits: SchedulerLimits): Plan {
  const { draftTokens, tokensLeft } = view;
  const plan: Plan = { kind: 'decode', rounds: decodeRounds(view, limits) };
  return draftTokens === 0 ? plan : { ...plan, speculation: { draftTokens, mostTokens: tokensLeft } };
}

function decodeRounds({ waiting, freeRows, chunked, roundMs, tokensLeft }: SchedulerView, limits: SchedulerLimits) {
  const somebodyWaits = chunked !== null || (waiting.length > 0 && freeRows > 0);
  if (somebodyWaits || roundMs === null) return 1;
  return Math.max(1, Math.min(tokensLeft, Math.floor(limits.messageMs / roundMs)));
}

function admit(view: SchedulerView, limits: SchedulerLimits): Plan {
  const oldest = waitingAt(view, 0);
  if (isWhole(oldest, limits)) return together(group(view, view.freeRows, limits));
  return { kind: 'admit', places: [0], tokens: [chunkLength(oldest, limits)] };
}

/** Newcomers that need no chunks, between two chunks of a long prompt; `null` when none may be admitted. */
function overtake(view: SchedulerView, limits: SchedulerLimits): Plan | null {
  if (view.waiting.length === 0 || limits.grouping === 'arrival') return null;
  // A long prompt that is older than they are finds a row when its turn comes.
  const rows = isWhole(waitingAt(view, 0), limits) ? view.freeRows : view.freeRows - 1;
  const prefillTokens = limits.prefillTokens - view.overtaken;
  const sequences = rows > 0 ? group(view, rows, { ...limits, prefillTokens }) : [];
  const [first] = sequences;
  // The budget is for all admissions between two chunks; a first prompt that is beyond it goes alone.
  const fits = first !== undefined && (view.overtaken === 0 || first.length - first.past <= prefillTokens);
  return fits ? together(sequences) : null;
}

function together(sequences: readonly Waiting[]): Plan {
  const tokens = sequences.map(({ length, past }) => length - past);
  return { kind: 'admit', places: sequences.map(({ place }) => place), tokens };
}

function waitingAt({ waiting, reusable }: SchedulerView, place: number): Waiting {
  return { place, length: waiting[place] ?? 0, past: reusable[place] ?? 0 };
}

/** It needs no chunks. */
function isWhole({ length, past }: Waiting, limits: SchedulerLimits): boolean {
  return past + chunkLength({ length, past }, limits) === length;
}

/** The oldest prompt that needs no chunks and those that join it, at most `rows`, while padding and budget allow. */
function group(view: SchedulerView, rows: number, limits: SchedulerLimits): readonly Waiting[] {
  const whole = view.waiting.map((_, place) => waitingAt(view, place)).filter((one) => isWhole(one, limits));
  const [oldest] = whole;
  if (oldest === undefined) return [];
  // A prompt with a past is computed alone (ONNX Runtime).
  if (oldest.past > 0) return [oldest];
  const others = whole.slice(1).filter(({ past }) => past === 0);
  const alike = limits.grouping === 'length';
  const candidates = alike ? nearestFirst(others, oldest.length) : withoutGap(others);
  const chosen = [oldest];
  let [longest, useful] = [oldest.length, oldest.length];
  for (const candidate of candidates) {
    longest = Math.max(longest, candidate.length);
    useful += candidate.length;
    const padded = longest * (chosen.length + 1);
    if (chosen.length === rows || padded > limits.prefillTokens) break;
    if (alike && 1 - useful / padded > limits.maxWaste) break;
    chosen.push(candidate);
  }
  return chosen;
}

function nearestFirst(waiting: readonly Waiting[], length: number): readonly Waiting[] {
  const distance = (one: Waiting) => Math.abs(one.length - length);
  return waiting.toSorted((a, b) => distance(a) - distance(b) || a.place - b.place);
}

/** Those that follow the oldest one directly: nobody is overtaken. */
function withoutGap(waiting: readonly Waiting[]): readonly Waiting[] {
  return waiting.filter(({ place }, index) => place === index + 1);
}
