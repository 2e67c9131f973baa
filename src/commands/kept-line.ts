/** The layers of an INT8 model that stayed FP32, as a person reads them in a terminal. */
import type { Manifest } from '../models/manifest.js';

/** A line, or nothing where there are none. */
export function describeKept({ kept = [] }: Manifest): string {
  return kept.length === 0 ? '' : `Kept in FP32: ${kept.join(', ')}\n`;
}
