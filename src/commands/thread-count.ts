/** A number of threads for a person. */
export function describeThreads(count: number): string {
  return count === 1 ? '1 thread' : `${count} threads`;
}
