/** For --import of a process: SIGWINCH loses its GPU for good. */
import { loseDevice } from './broken-gpu.mjs';

process.on('SIGWINCH', loseDevice);
