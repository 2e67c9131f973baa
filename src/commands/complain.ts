/** What a command has to say beside its output, on standard error. */

/** One sentence, on a line of its own: a progress bar may stand there, or what the terminal shows of Ctrl-C. */
export function complain(message: string): void {
  process.stderr.write(`${process.stderr.isTTY ? '\r\x1b[K' : ''}octavo: ${message}\n`);
}
