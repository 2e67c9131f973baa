#!/usr/bin/env node
/** The command line: finds the subcommand, runs it, prints failures for a person. */
import { benchCommand } from './commands/bench.js';
import { buildCommand } from './commands/build.js';
import { chatCommand } from './commands/chat.js';
import { outliveTerminal } from './commands/closed-terminal.js';
import type { Command } from './commands/command.js';
import { complain } from './commands/complain.js';
import { doctorCommand } from './commands/doctor.js';
import { pullCommand } from './commands/pull.js';
import { receiptCommand } from './commands/receipt.js';
import { serveCommand } from './commands/serve.js';
import { showCommand } from './commands/show.js';
import { OctavoError } from './errors.js';
import { packageVersion } from './models/package-version.js';

const commands: readonly Command[] = [
  serveCommand,
  pullCommand,
  buildCommand,
  chatCommand,
  benchCommand,
  receiptCommand,
  showCommand,
  doctorCommand,
];

const help = `Octavo serves INT8 ONNX language models over an OpenAI-compatible HTTP API.

Usage: octavo <command> [options]

${commands.map(({ name, summary }) => `  ${name.padEnd(8)}${summary}`).join('\n')}

  octavo <command> --help    options and examples of a command
  octavo --version

Start with "octavo serve" and open http://127.0.0.1:8080/docs.
`;

outliveTerminal();
await main(process.argv.slice(2));

async function main([name, ...argv]: readonly string[]): Promise<void> {
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') return print(help);
  if (name === '--version' || name === '-v') return print(`${await packageVersion()}\n`);
  const command = commands.find((candidate) => candidate.name === name);
  if (command === undefined)
    return fail(`There is no command "${name}". Commands: ${commands.map((c) => c.name).join(', ')}.`);
  if (argv.includes('--help') || argv.includes('-h')) return print(command.help);
  try {
    await command.run(argv, process.env);
  } catch (error) {
    if (!(error instanceof OctavoError)) throw error;
    const message = error.message.replace(/[^.!?]$/, '$&.');
    fail(`${message}${error.code === 'invalid_config' ? ` See "octavo ${name} --help".` : ''}`);
  }
}

function print(text: string): void {
  process.stdout.write(text);
}

function fail(message: string): void {
  complain(message);
  // A command that was interrupted has set its own.
  process.exitCode ??= 1;
}
