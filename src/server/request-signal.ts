/** One abort signal for a request: the caller left, or its time is over. */
import type { ServerResponse } from 'node:http';
import { OctavoError } from '../errors.js';

interface SignalLimits {
  readonly requestTimeoutMs: number;
  readonly closeGraceMs: number;
}

/**
 * Aborts with `deadline_exceeded` after the timeout, and with a plain reason when the connection closes before the
 * answer is complete. The response is what is watched: with Fastify 5 the request's own 'close' fires as soon as
 * the body is read. A reader that does not take the rest within the grace is cut off.
 */
export function requestSignal(response: ServerResponse, limits: SignalLimits): AbortSignal {
  const controller = new AbortController();
  let grace: NodeJS.Timeout | undefined;
  const deadline = setTimeout(() => {
    const seconds = limits.requestTimeoutMs / 1000;
    controller.abort(new OctavoError('deadline_exceeded', `The answer was not complete within ${seconds} seconds.`));
    grace = setTimeout(() => response.destroy(), limits.closeGraceMs);
  }, limits.requestTimeoutMs);
  const stop = () => {
    clearTimeout(deadline);
    clearTimeout(grace);
  };
  response.once('finish', stop);
  response.once('close', () => {
    stop();
    if (!response.writableFinished) controller.abort(new Error('The caller closed the connection.'));
  });
  // The caller may have left before anybody listened.
  if (response.destroyed) {
    stop();
    controller.abort(new Error('The caller closed the connection.'));
  }
  return controller.signal;
}
