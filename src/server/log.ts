/** The log of the server: JSON lines on standard output, for as long as somebody takes them. */
import { isatty } from 'node:tty';
import { type LogFn, type Logger, pino } from 'pino';

export function openLog(level: string): Logger {
  const output = pino.destination(1);
  output.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EIO') throw error;
    // The terminal was closed: what is written would be kept for another try, without end.
    output.write = () => true;
  });
  const flush = output.flushSync.bind(output);
  const onTerminal = isatty(1);
  // At the end of the process; it would never end for a terminal that takes nothing.
  output.flushSync = () => {
    if (!onTerminal || isatty(1)) flush();
  };
  return pino({ level, hooks: { logMethod } }, output);
}

/** Without empty lines: what Fastify would tell of its addresses is one line of `serve`. */
function logMethod(this: Logger, args: Parameters<LogFn>, log: LogFn): void {
  if (String(args[0]) !== '') log.apply(this, args);
}
