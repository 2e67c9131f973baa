/** What goes wrong in the safety filter: counted always, logged once a minute, since it may go wrong on every text. */
import type { FastifyBaseLogger } from 'fastify';
import type { Metrics } from './metrics.js';

const loggedEveryMs = 60_000;

export interface SafetyReport {
  /** A screen threw, or took too long, on one text. */
  screenFailed(screen: string, error: unknown): void;
  /** So many lines of the audit log could not be written. */
  auditFailed(error: unknown, lines: number): void;
}

export function reportSafety(
  logger: Pick<FastifyBaseLogger, 'error'>,
  metrics: Metrics,
  clock: () => number = () => performance.now(),
): SafetyReport {
  const loggedMs = new Map<string, number>();
  const log = (what: string, fields: object) => {
    const last = loggedMs.get(what);
    if (last !== undefined && clock() - last < loggedEveryMs) return;
    loggedMs.set(what, clock());
    logger.error(fields, what);
  };
  return {
    screenFailed: (screen, error) => {
      metrics.countScreenFailure(screen);
      log(`the safety screen '${screen}' failed`, { err: error });
    },
    auditFailed: (error, lines) => {
      metrics.countLostAuditLines(lines);
      log('the audit log cannot be written', { err: error, lines });
    },
  };
}
