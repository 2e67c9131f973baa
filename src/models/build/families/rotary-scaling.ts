/** Rotary frequencies for contexts longer than those of the first training, one function for each published way. */
import type { Rotary } from '../graph/rotary.js';
import { check } from './config-fields.js';
import type { RotarySettings } from './rotary-settings.js';

export interface Unscaled {
  /** Radians a position, from fast to slow. */
  readonly frequencies: readonly number[];
  /** The frequencies' base. */
  readonly base: number;
  /** `max_position_embeddings` */
  readonly maxPositions: number;
  /** `original_max_position_embeddings`: the context of the first training. */
  readonly trainedPositions: number;
}

/** Position interpolation (arXiv 2306.15595): all frequencies divided by the factor. */
export function linear(settings: RotarySettings, { frequencies, maxPositions }: Unscaled): Rotary {
  const factor = required(settings, 'factor');
  return { frequencies: frequencies.map((frequency) => frequency / factor), amplitude: 1, context: maxPositions };
}

/** Llama 3.1 (arXiv 2407.21783): fast frequencies stay, slow ones are divided by the factor, a ramp between them. */
export function llama3(settings: RotarySettings, { frequencies, maxPositions, trainedPositions }: Unscaled): Rotary {
  const factor = required(settings, 'factor');
  const [slow, fast] = [required(settings, 'low_freq_factor'), required(settings, 'high_freq_factor')];
  check(slow < fast, `the rotary low_freq_factor ${slow} must be smaller than high_freq_factor ${fast}.`);
  const scaled = frequencies.map((frequency) => {
    const turns = (trainedPositions * frequency) / (2 * Math.PI);
    return mix(frequency / factor, frequency, (turns - slow) / (fast - slow));
  });
  return { frequencies: scaled, amplitude: 1, context: maxPositions };
}

/** YaRN (arXiv 2309.00071): as `llama3`, with the ramp over dimensions, and a factor that sharpens the scores. */
export function yarn(settings: RotarySettings, unscaled: Unscaled): Rotary {
  const { frequencies, base, maxPositions, trainedPositions } = unscaled;
  const factor = settings.factor ?? maxPositions / trainedPositions;
  const dimensions = 2 * frequencies.length;
  /** The (fractional) pair of dimensions that turns so often over the first training's context. */
  const pairOf = (turns: number) =>
    (dimensions * Math.log(trainedPositions / (turns * 2 * Math.PI))) / (2 * Math.log(base));
  const [fast, slow] = [pairOf(settings.beta_fast || 32), pairOf(settings.beta_slow || 1)];
  const whole = settings.truncate ?? true;
  const first = Math.max(whole ? Math.floor(fast) : fast, 0);
  const last = Math.min(whole ? Math.ceil(slow) : slow, dimensions - 1);
  const width = last === first ? 0.001 : last - first;
  return {
    frequencies: frequencies.map((frequency, pair) => mix(frequency, frequency / factor, (pair - first) / width)),
    amplitude: settings.attention_factor ?? yarnAmplitude(settings, factor),
    context: maxPositions,
  };
}

/**
 * LongRoPE (arXiv 2402.13753) has two lists of divisors, the second for sequences longer than the first training's
 * context. A cache cannot change from one to the other, so the model is built with the first, for that context.
 */
export function longrope(settings: RotarySettings, unscaled: Unscaled): Rotary {
  const { frequencies, maxPositions, trainedPositions } = unscaled;
  const divisors = settings.short_factor ?? [];
  check(
    divisors.length === frequencies.length,
    `the rotary short_factor has ${divisors.length} values; there must be ${frequencies.length}.`,
  );
  const factor = settings.factor ?? maxPositions / trainedPositions;
  const amplitude = factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(trainedPositions));
  return {
    frequencies: frequencies.map((frequency, pair) => frequency / divisors[pair]!),
    amplitude: settings.attention_factor ?? amplitude,
    context: Math.min(maxPositions, trainedPositions),
  };
}

function yarnAmplitude({ mscale, mscale_all_dim }: RotarySettings, factor: number): number {
  const of = (weight: number) => (factor <= 1 ? 1 : 0.1 * weight * Math.log(factor) + 1);
  return mscale && mscale_all_dim ? of(mscale) / of(mscale_all_dim) : of(1);
}

/** From `a` at 0 to `b` at 1, constant outside. */
function mix(a: number, b: number, share: number): number {
  const bounded = Math.min(1, Math.max(0, share));
  return a * (1 - bounded) + b * bounded;
}

function required(settings: RotarySettings, name: 'factor' | 'low_freq_factor' | 'high_freq_factor'): number {
  const value = settings[name];
  check(typeof value === 'number', `this type of rotary scaling needs ${name}, a number above 0.`);
  return value as number;
}
