/** The text that ships with the project: short texts of many kinds, to measure and calibrate models on when there is no other. */
import { fileURLToPath } from 'node:url';

/** UTF-8, a text a line: mostly English prose and requests, some other languages, code and JSON. */
export const bundledTextFile = fileURLToPath(new URL('../../calibration/default.txt', import.meta.url));

/** Each line that is not blank is a text. */
export function textLines(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}
