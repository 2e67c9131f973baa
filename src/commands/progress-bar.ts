/** A line that shows how far a long command is. */
import type { Progress } from '../models/receipt/progress.js';

const width = 30;

/** Draws on a terminal only, at most once for each percent of each thing that is done. */
export function createBar(stream: NodeJS.WriteStream): (progress: Progress) => void {
  let shown = '';
  return ({ done, total, what }) => {
    const percent = Math.floor((100 * done) / total);
    const line = `${percent}% ${what.slice(0, 48)}`;
    if (!stream.isTTY || line === shown) return;
    shown = line;
    const filled = Math.round((percent / 100) * width);
    stream.write(`\r\x1b[K[${'█'.repeat(filled)}${'·'.repeat(width - filled)}] ${line}`);
    if (percent === 100) stream.write('\r\x1b[K');
  };
}
