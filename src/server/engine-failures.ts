/** Failures of engines, for the operator: in the log, and when a lost device leaves nothing but another process. */
import type { Logger } from 'pino';
import type { EngineFailure } from '../batcher/events.js';
import { OctavoError } from '../errors.js';

export interface FailureReport {
  /** What the engine of a model tells its failures. */
  observer(model: string): (failure: EngineFailure) => void;
  /** Resolves, with the message, when a device was lost and its model could not be loaded again. */
  readonly deviceLost: Promise<string>;
}

export function reportFailures(logger: Logger): FailureReport {
  /** Models whose device was lost at some time. */
  const lost = new Set<string>();
  let tell = (_: string) => {};
  const deviceLost = new Promise<string>((resolve) => {
    tell = resolve;
  });
  const observer =
    (model: string) =>
    ({ error, broken }: EngineFailure) => {
      const code = error instanceof OctavoError ? error.code : 'internal_error';
      const detail = error.cause instanceof Error ? error.cause.message : '';
      logger.error(
        { model, code, reason: error.message, detail },
        broken ? 'the engine could not be restarted' : 'a step failed',
      );
      if (code === 'device_lost') lost.add(model);
      if (broken && lost.has(model)) tell(`the device of the model ${model} was lost and cannot be opened again`);
    };
  return { observer, deviceLost };
}
