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
    rules: reportFile(logger, 'rules', (result) => metrics.countRulesRead(result)),
    policy: reportFile(logger, 'policy', (result) => metrics.countPolicyRead(result)),
    auditFailed: (error, lines) => {
      metrics.countLostAuditLines(lines);
      log('the audit log cannot be written', { err: error, lines });
    },
  };
}

function reportFile(
  logger: Pick<FastifyBaseLogger, 'error' | 'info'>,
  what: string,
  count: (result: 'read' | 'refused') => void,
): FileReport {
  return {
    read: (file, entries) => {
      count('read');
      logger.info({ file, entries }, `the file of the safety ${what} has changed`);
    },
    refused: (error) => {
      count('refused');
      logger.error(
        { err: error },
        `the file of the safety ${what} has changed and cannot be used: what it said before stays`,
      );
    },
  };
}
