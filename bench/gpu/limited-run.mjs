/** Runs a program for so long and no longer, with all that it has started. */
import { spawn } from 'node:child_process';

/** Output until the end, and `problem`: why it did not end well; `null`: it did. `options` as of `spawn`. */
export function runFor(seconds, [program, ...args], options = {}) {
  return new Promise((resolve) => {
    // A group of its own, so that what it has started ends with it.
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true, ...options });
    let [output, said, late] = ['', '', false];
    const timer = setTimeout(() => {
      late = true;
      process.kill(-child.pid, 'SIGKILL');
    }, 1000 * seconds);
    child.stdout.on('data', (text) => {
      output += text;
    });
    child.stderr.on('data', (text) => {
      said = `${said}${text}`.slice(-2000);
    });
    const end = (problem) => {
      clearTimeout(timer);
      resolve({ output, problem });
    };
    child.once('error', (error) => end(error.message));
    child.once('close', (code, signal) => {
      if (late) end(`not done after ${Math.round(seconds)} s`);
      else end(code === 0 ? null : lastLine(said) || `ended with ${signal ?? code}`);
    });
  });
}

function lastLine(text) {
  return text.trim().split('\n').at(-1);
}
