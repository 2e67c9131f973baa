/** Options of `octavo build` that would change nothing in the build that was asked for: refused, not ignored. */
import { OctavoError } from '../errors.js';
import type { Precision } from '../models/manifest.js';

/** What was given on the command line; `null` and `undefined`: it was not. */
export interface AskedBuild {
  readonly precision: Precision;
  /** Not from a checkpoint. */
  readonly isRandom: boolean;
  readonly noReceipt: boolean;
  readonly text: string | null;
  readonly tokens: number | null;
  readonly maxLoss: number | null;
  readonly seed: number | undefined;
  /** A text's path, `default` or `off`. */
  readonly calibrate: string;
  readonly reduceRange: boolean;
}

/** Throws `invalid_config` for the first option without an effect. `--no-receipt` has one: that none is made, as of random weights anyway. */
export function refuseUseless(asked: AskedBuild): void {
  const { precision, isRandom, text, tokens, maxLoss, seed, calibrate, reduceRange } = asked;
  const unmeasured = whyUnmeasured(asked);
  if (unmeasured !== null) {
    refuse(text !== null, '--text', unmeasured);
    refuse(tokens !== null, '--tokens', unmeasured);
    refuse(maxLoss !== null, '--max-loss', unmeasured);
  }
  refuse(isRandom && calibrate !== 'default' && calibrate !== 'off', `--calibrate ${calibrate}`, ownText);
  refuse(!isRandom && seed !== undefined, '--seed', 'here: it chooses the weights of --random');
  refuse(reduceRange && precision !== 'int8', '--reduce-range', `here: it is for int8, and this build is ${precision}`);
}

const ownText =
  'with --random: it is for checkpoints, and an int8 cache of random weights is measured on the text that ships with Octavo';

/** `null`: the build gets a receipt. */
function whyUnmeasured({ isRandom, precision, noReceipt }: AskedBuild): string | null {
  if (isRandom) return 'with --random: random weights have nothing to lose, and get no receipt';
  if (precision === 'fp32') return 'with --precision fp32: it is what other builds are measured against';
  return noReceipt ? 'with --no-receipt: nothing is measured' : null;
}

function refuse(given: boolean, option: string, why: string): void {
  if (given) throw new OctavoError('invalid_config', `${option} has no use ${why}.`);
}
