/** What becomes of the safety filter: counted always; what may go wrong on every text is logged once a minute. */
import type { FastifyBaseLogger } from 'fastify';
import type { FileReport } from '../safety/file-watcher.js';
import type { Metrics } from './metrics.js';

const loggedEveryMs = 60_000;

export interface SafetyReport {
  readonly rules: FileReport;
  readonly policy: FileReport;
  /** A screen threw, or took too long, on one text. */
  screenFailed(screen: string, error: unknown): void;
  /** So many lines of the audit log could not be written. */
  auditFailed(error: unknown, lines: number): void;
}

export function reportSafety(
  logger: Pick<FastifyBaseLogger, 'error' | 'info'>,
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
    rules: {
      read: (file, rules) => {
        metrics.countRulesRead('read');
        logger.info({ file, rules }, 'the safety rules have changed');
      },
      refused: (error) => {
        metrics.countRulesRead('refused');
        logger.error({ err: error }, 'the safety rules have changed and cannot be used: the old ones stay');
      },
    },
    policy: {
      read: (file, lines) => {
        metrics.countPolicyRead('read');
        logger.info({ file, lines }, 'the safety policy has changed');
      },
      refused: (error) => {
        metrics.countPolicyRead('refused');
        logger.error({ err: error }, 'the safety policy has changed and cannot be used: the old one stays');
      },
    },
    auditFailed: (error, lines) => {
      metrics.countLostAuditLines(lines);
      log('the audit log cannot be written', { err: error, lines });
    },
  };
}
