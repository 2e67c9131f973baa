/**
 * What the embedded classifier costs: milliseconds a window, alone and many together, through its engine and batcher.
 * Usage: node bench/moderator.mjs [--moderator folder] [--threads n] [--runs n]
 */
import { parseArgs } from 'node:util';
import { readConfig } from '../dist/config.js';
import { startModerator } from '../dist/moderator.js';

const { values } = parseArgs({
  options: {
    moderator: { type: 'string', default: 'default' },
    threads: { type: 'string', default: '1' },
    runs: { type: 'string', default: '40' },
  },
});

/** A sentence, and a window as long as one text alone gets: 240 characters. */
const sentence = 'Please confirm your reservation for two people at seven in the evening. ';
const long = sentence.replaceAll('. ', ', ').repeat(5).slice(0, 240);

const config = readConfig(['--moderator', values.moderator, '--moderator-threads', values.threads], {});
const { engine, screen } = await startModerator(config, () => ({ step() {}, queued() {} }));
for (const [name, text] of [
  ['a sentence', sentence],
  ['240 characters', long],
]) {
  for (const windows of [1, 8, 32]) {
    const texts = Array.from({ length: windows }, () => text);
    const times = [];
    for (let run = 0; run < Number(values.runs); run++) {
      const start = performance.now();
      await screen.score(texts);
      times.push((performance.now() - start) / windows);
    }
    times.sort((a, b) => a - b);
    const at = (share) => times[Math.floor(share * times.length)].toFixed(2);
    console.log(`${name}, ${windows} at once: ${at(0.5)} ms a window (${at(0.1)} to ${at(0.9)})`);
  }
}
await engine.close();
