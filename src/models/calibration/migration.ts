/**
 * How much of an activation's range moves into weights (SmoothQuant, arXiv 2211.10438): of some ways, the one whose INT8
 * product errs least, measured on real activations. Not moving anything is one of them, so nothing can be lost.
 */

/** What a layer reads, and some of the weights that meet it. */
export interface LayerSample {
  /** Activations, [tokens, channels]. */
  readonly x: Float32Array;
  /** [outputs, channels] */
  readonly weights: Float32Array;
  /** The row of the makers that makes each channel. */
  readonly rowOf: Int32Array;
  readonly rows: number;
}

/** Share of the balance that activations get: 0.5 evens out both ranges, 1 takes activations alone. */
const alphas = [0.5, 0.75, 1];
/** The share of rows that stay as they are: the others come down to the level of the last of these. */
const levels = [0.5, 0.9, 0.98];
/** Powers of two at most. */
const maxExponent = 12;
/** Moving must take off this share of the squared error. Where it gains less, chance of the sample is as large. */
const leastGain = 0.5;

/**
 * For each row e such that it is divided by 2^e, and the matrices' columns are multiplied by it; `undefined` where moving
 * does not gain enough. Powers of two make the FP32 model the same to the bit.
 */
export function chooseExponents(sample: LayerSample): Int32Array | undefined {
  const peaks = { x: rowPeaks(sample.x, sample), weights: rowPeaks(sample.weights, sample) };
  const still = squaredError(sample, new Int32Array(sample.rows));
  let best: Int32Array | undefined;
  let least = still * (1 - leastGain);
  for (const alpha of alphas) {
    for (const level of levels) {
      const exponents = balance(peaks, alpha, level);
      const error = squaredError(sample, exponents);
      if (error < least) [best, least] = [exponents, error];
    }
  }
  return best;
}

/** The largest absolute value of the channels that each row makes. `values`: [n, channels]. */
function rowPeaks(values: Float32Array, { rowOf, rows }: LayerSample): Float64Array {
  const peaks = new Float64Array(rows);
  for (let start = 0; start < values.length; start += rowOf.length) {
    for (let c = 0; c < rowOf.length; c++) {
      const size = Math.abs(values[start + c]!);
      if (size > peaks[rowOf[c]!]!) peaks[rowOf[c]!] = size;
    }
  }
  return peaks;
}

/** Rows whose |x|^alpha / |w|^(1 - alpha) is above the level come down to it. */
function balance(peaks: { x: Float64Array; weights: Float64Array }, alpha: number, level: number): Int32Array {
  const floor =
    1e-3 *
    quantile(
      peaks.weights.filter((peak) => peak > 0),
      0.5,
    );
  const heights = peaks.x.map((peak, row) =>
    peak > 0 ? alpha * Math.log2(peak) - (1 - alpha) * Math.log2(Math.max(peaks.weights[row]!, floor)) : Number.NaN,
  );
  const ground = quantile(
    heights.filter((height) => !Number.isNaN(height)),
    level,
  );
  return Int32Array.from(heights, (height) => {
    return Number.isNaN(height) ? 0 : Math.min(maxExponent, Math.max(0, Math.round(height - ground)));
  });
}

function quantile(values: Float64Array, share: number): number {
  return values.toSorted()[Math.floor(share * (values.length - 1))] ?? 1;
}

/**
 * The squared error of the INT8 product, summed over tokens and outputs: that of rounding activations, by row, meets the
 * weights, and that of rounding weights, by output, meets the activations; errors of different channels are taken as
 * independent.
 */
function squaredError({ x, weights, rowOf }: LayerSample, exponents: Int32Array): number {
  const scales = Float64Array.from(rowOf, (row) => 2 ** exponents[row]!);
  const down = scales.map((scale) => 1 / scale);
  return roundingError(x, down, energies(weights, scales)) + roundingError(weights, scales, energies(x, down));
}

/** Of each channel: the sum of squares, scaled. `values`: [n, channels]. */
function energies(values: Float32Array, scales: Float64Array): Float64Array {
  const sums = new Float64Array(scales.length);
  for (let start = 0; start < values.length; start += scales.length) {
    for (let c = 0; c < scales.length; c++) sums[c]! += (values[start + c]! * scales[c]!) ** 2;
  }
  return sums;
}

/** Rounds each row of the scaled values to 127 steps of its largest, and weighs the squared errors by channel. */
function roundingError(values: Float32Array, scales: Float64Array, weighing: Float64Array): number {
  const channels = scales.length;
  let total = 0;
  for (let start = 0; start < values.length; start += channels) {
    let peak = 0;
    for (let c = 0; c < channels; c++) peak = Math.max(peak, Math.abs(values[start + c]! * scales[c]!));
    if (peak === 0) continue;
    const step = peak / 127;
    for (let c = 0; c < channels; c++) {
      const value = (values[start + c]! * scales[c]!) / step;
      total += weighing[c]! * ((value - Math.round(value)) * step) ** 2;
    }
  }
  return total;
}
