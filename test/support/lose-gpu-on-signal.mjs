/** For --import of a process: SIGWINCH loses its GPU for good. */
import { loseForGood } from './broken-gpu.mjs';

process.on('SIGWINCH', loseForGood);
