/** What a build is to run on, and the form that a precision takes there. */
import { OctavoError } from '../../errors.js';
import type { Precision } from '../manifest.js';

export const targets = ['cpu', 'gpu'] as const;
export type Target = (typeof targets)[number];

/** Precisions as a person names them: the form follows from the target. */
export const namedPrecisions = ['int8', 'int8-weight', 'int4-weight', 'fp16', 'fp32'] as const;
export type NamedPrecision = (typeof namedPrecisions)[number];

/** With activations and KV cache in float16: what GPU providers have attention for, and half of what a step reads of the cache. */
const gpuForms: Readonly<Partial<Record<NamedPrecision, Precision>>> = {
  'int8-weight': 'int8-weight-fp16',
  'int4-weight': 'int4-weight-fp16',
  fp16: 'fp16',
};

const refusals: Readonly<Partial<Record<NamedPrecision, string>>> = {
  int8: 'GPU providers have no kernels for its integer products (W8A8), so each of them would be computed on the CPU',
  fp32: 'it is the same graph for every target, and --device auto runs it on the CPU',
};

/**
 * `asked`: `undefined` takes the target's default, int8 on a CPU and int8-weight on a GPU. Throws `invalid_config` for a
 * precision that the target has no form of.
 */
export function precisionFor(target: Target, asked: NamedPrecision | undefined): Precision {
  if (target === 'cpu') return asked ?? 'int8';
  const named = asked ?? 'int8-weight';
  const form = gpuForms[named];
  if (form !== undefined) return form;
  const allowed = Object.keys(gpuForms).join(', ');
  throw new OctavoError(
    'invalid_config',
    `--target gpu has no ${named}: ${refusals[named]}. Allowed are ${allowed}; without --precision it is int8-weight.`,
  );
}
