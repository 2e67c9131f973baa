/** How far a command is that does one thing after the other. */
import type { OnProgress } from '../models/receipt/progress.js';

/** Is told the share of a stage that is done, 0 to 1. Throws when the command shall stop. */
export type OnShare = (share: number) => void;
/** Begins the next stage. */
export type BeginStage = (what: string) => OnShare;

/** Each of `total` stages counts alike. */
export function countStages(total: number, onProgress: OnProgress): BeginStage {
  let begun = 0;
  return (what) => {
    const before = begun++;
    const tell = (share: number) => onProgress({ done: before + share, total, what });
    tell(0);
    return tell;
  };
}
