/** The safety filter of a server: its screens, its policy and its audit log. */
import type { Config } from './config.js';
import { AuditLog } from './safety/audit-log.js';
import { createSafety, unfiltered } from './safety/filter.js';
import { readPolicy } from './safety/policy-file.js';
import { loadRuleScreen } from './safety/rule-filter.js';
import { RulesWatcher } from './safety/rules-watcher.js';
import type { Safety } from './safety/safety.js';
import type { Screen } from './safety/screen.js';
import { tenantOf } from './server/api-keys.js';
import type { SafetyReport } from './server/safety-report.js';

export interface Screening {
  readonly safety: Safety;
  /** Once no text is screened any more: writes what the audit log still holds, and looks at no file any more. */
  close(): void;
}

/** `screens`: those beside the rules. Throws `invalid_config`. */
export function openScreening(config: Config, report: SafetyReport, screens: readonly Screen[] = []): Screening {
  const watcher = isFile(config) ? new RulesWatcher(config.safety, report) : null;
  const rules = config.safety === 'off' ? [] : [watcher?.screen ?? loadRuleScreen(null)];
  const all: readonly Screen[] = [...rules, ...screens];
  if (all.length === 0) return { safety: unfiltered, close: () => {} };
  // Of what reads texts: a line for another category would never count.
  const categories = all.filter(({ scoresOnly = false }) => !scoresOnly).flatMap((screen) => screen.categories);
  const policy =
    config.safetyPolicy === null
      ? undefined
      : readPolicy(config.safetyPolicy, { categories, tenants: config.apiKeys.map(tenantOf) }).decideFor;
  const audit = openAudit(config, report);
  const safety = createSafety(all, {
    policy,
    onFailure: config.safetyOnFailure,
    timeLimitMs: config.safetyTimeLimit,
    ahead: config.safetyMode === 'async' ? config.safetyAhead : 0,
    onError: report.screenFailed,
    onFinding: audit?.observe,
  });
  const close = () => {
    audit?.close();
    watcher?.close();
  };
  return { safety, close };
}

function isFile({ safety }: Config): boolean {
  return safety !== 'default' && safety !== 'off';
}

function openAudit(config: Config, report: SafetyReport): AuditLog | null {
  if (config.auditLog === null) return null;
  return new AuditLog({
    file: config.auditLog,
    key: config.auditKey,
    withText: config.auditText,
    maxBytes: config.auditMaxBytes,
    keep: config.auditKeep,
    onError: report.auditFailed,
  });
}
