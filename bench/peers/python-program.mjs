/** A Python program that answers each line of JSON with one. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** Resolves when the program has said that it is ready. */
export async function startProgram(python, args) {
  const program = spawn(python, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '';
  program.stderr.on('data', (text) => {
    said = `${said}${text}`.slice(-500);
  });
  const lines = createInterface({ input: program.stdout })[Symbol.asyncIterator]();
  // Libraries print to standard output too: only JSON counts.
  const next = async () => {
    for (;;) {
      const { value, done } = await lines.next();
      if (done) throw new Error(`python ended: ${said.trim().split('\n').at(-1)}`);
      if (/^["[{]/.test(value)) return JSON.parse(value);
    }
  };
  await next();
  return {
    async ask(question) {
      program.stdin.write(`${JSON.stringify(question)}\n`);
      return next();
    },
    async close() {
      program.stdin.end();
      if (program.exitCode === null) await new Promise((resolve) => program.once('exit', resolve));
    },
  };
}
