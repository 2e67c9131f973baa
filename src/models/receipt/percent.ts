/** Shares as a person reads them. */

/** `0.03%` */
export function percent(share: number): string {
  return `${(100 * share).toFixed(2)}%`;
}
