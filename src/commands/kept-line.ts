/** The layers of an INT8 model that were treated apart, as a person reads them in a terminal. */
import type { Manifest } from '../models/manifest.js';

/** A line for layers that stayed FP32, and one for those that were calibrated; nothing where there are none. */
export function describeKept({ kept = [], moved = [] }: Manifest): string {
  const inFp32 = kept.length === 0 ? '' : `Kept in FP32: ${kept.join(', ')}\n`;
  if (moved.length === 0) return inFp32;
  return `${inFp32}Range moved from activations into weights, by calibration: ${moved.join(', ')}\n`;
}
