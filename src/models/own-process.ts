/** Work in a process of its own, for one answer: what it loads, allocates, prints or crashes stays its own. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { type ErrorCode, OctavoError } from '../errors.js';

type Answer<T> = { readonly value: T } | { readonly code: ErrorCode; readonly message: string };

/**
 * The value that `module` answers with (`answerParent`). What it prints on standard error is noise of libraries, shown where it
 * fails. Throws its `OctavoError`, and `engine_failed` when it ends without an answer; `what` is what it does, in words.
 */
export async function askProcess<T>(module: URL, args: readonly string[], what: string): Promise<T> {
  const process = fork(module, args, { stdio: ['ignore', 'inherit', 'pipe', 'ipc'] });
  let noise = '';
  process.stderr?.on('data', (text) => {
    noise += text;
  });
  const waiting = new AbortController();
  const { signal } = waiting;
  try {
    const [answer] = (await Promise.race([
      once(process, 'message', { signal }),
      once(process, 'close', { signal }).then(([code, name]) => {
        throw new OctavoError('engine_failed', `The process that ${what} ended (${name ?? code}). ${noise}`.trim());
      }),
    ])) as [Answer<T>];
    if ('value' in answer) return answer.value;
    throw new OctavoError(answer.code, answer.message);
  } finally {
    waiting.abort();
    process.kill();
  }
}

/** In that process: answers with what `work` resolves with, or the `OctavoError` that it throws. */
export async function answerParent(work: () => Promise<unknown>): Promise<void> {
  process.send?.(
    await work().then(
      (value) => ({ value }),
      (error: unknown) => {
        if (!(error instanceof OctavoError)) throw error;
        return { code: error.code, message: error.message };
      },
    ),
  );
}
