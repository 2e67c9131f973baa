/** Decides which texts are encoded together. Pure functions over plain numbers: no model, no clock, no state. */

export interface EncodeLimits {
  /** Texts of one batch at most. */
  readonly rows: number;
  /** Padded tokens (rows × length) of one batch at most; a text that alone has more is a batch by itself. */
  readonly tokens: number;
  /** Tokens of a text at most: no text is padded beyond. */
  readonly capacity: number;
  /**
   * `length`: a batch holds texts of one padded length. `arrival`: texts as they come, padded to the longest of the
   * batch; what a text computes then depends on its neighbours, so this is for comparison alone.
   */
  readonly grouping: 'length' | 'arrival';
}

/** Padded tokens of a batch: more gain no speed on a CPU (docs/performance.md), and only make the next length wait. */
export const defaultBatchTokens = 512;

/** Waiting texts by their places, and the length that all of them are padded to. */
export interface EncodeBatch {
  readonly places: readonly number[];
  readonly length: number;
}

/** Lengths are padded to multiples of this, or of an eighth of the next power of two where that is more. */
const finestStep = 16;

/** The length that a text is padded to. It follows from the text's own length alone, so neighbours change nothing. */
export function paddedLength(length: number, capacity: number): number {
  const nextPower = 2 ** (32 - Math.clz32(length - 1));
  const step = Math.max(finestStep, nextPower / 8);
  return Math.min(Math.ceil(length / step) * step, capacity);
}

/**
 * The next batch of texts with these lengths, oldest first; `null` when none waits. The oldest text is always in it and
 * chooses the length, so none waits for more batches than there are texts before it.
 */
export function nextBatch(waiting: readonly number[], limits: EncodeLimits): EncodeBatch | null {
  const [oldest] = waiting;
  if (oldest === undefined) return null;
  return limits.grouping === 'length' ? sameLength(waiting, limits) : firstCome(waiting, limits);
}

function sameLength(waiting: readonly number[], { rows, tokens, capacity }: EncodeLimits): EncodeBatch {
  const length = paddedLength(waiting[0]!, capacity);
  const most = Math.max(1, Math.min(rows, Math.floor(tokens / length)));
  const places: number[] = [];
  for (let place = 0; place < waiting.length && places.length < most; place++) {
    if (paddedLength(waiting[place]!, capacity) === length) places.push(place);
  }
  return { places, length };
}

function firstCome(waiting: readonly number[], { rows, tokens, capacity }: EncodeLimits): EncodeBatch {
  let length = paddedLength(waiting[0]!, capacity);
  let count = 1;
  for (; count < Math.min(rows, waiting.length); count++) {
    const longest = Math.max(length, paddedLength(waiting[count]!, capacity));
    if (longest * (count + 1) > tokens) break;
    length = longest;
  }
  return { places: Array.from({ length: count }, (_, place) => place), length };
}
