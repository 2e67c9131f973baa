/** How far a measurement is. */

export interface Progress {
  readonly done: number;
  readonly total: number;
  /** What is being done. */
  readonly what: string;
}

export type OnProgress = (progress: Progress) => void;
