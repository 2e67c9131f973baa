/** Bounds the time of what runs in this thread: the interpreter of a template that came with a model. */
import { createContext, Script } from 'node:vm';

/** The only thing in the context; the code itself is ours and stays in our own. */
const context = createContext({ run: () => {} });
const script = new Script('run()');

/** What does not come to an end; the message is to follow the name of what ran. */
export class Unbounded extends Error {}

/** The result of `compute`. Throws what it throws, or `Unbounded` when it is not done after `milliseconds`. */
export function withinTime<Result>(milliseconds: number, compute: () => Result): Result {
  const results: Result[] = [];
  context.run = () => {
    results.push(compute());
  };
  try {
    // Node ends whatever runs below this call when the time is over, loops and regular expressions too.
    script.runInContext(context, { timeout: milliseconds });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
    throw new Unbounded(`it is not done after ${milliseconds} ms`);
  }
  return results[0] as Result;
}
