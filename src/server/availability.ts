/** Whether the server, or one of its models, takes requests now. */
import { OctavoError } from '../errors.js';
import type { ServerDependencies } from './dependencies.js';

/** Throws `draining`. */
export function checkOpen({ draining }: ServerDependencies): void {
  if (draining()) throw new OctavoError('draining', 'The server is shutting down.');
}

/** Throws `not_ready` when the engine of this model, or with `null` any engine, does not answer. */
export function checkReady({ ready }: ServerDependencies, model: string | null): void {
  const health = ready(model);
  if (!health.ready) throw new OctavoError('not_ready', `The server is not ready: ${health.reason}.`);
}
