/** The safety filter of a server: its screens, its policy and its audit log. */
import type { Config } from './config.js';
import { AuditLog } from './safety/audit-log.js';
import { createSafety, unfiltered } from './safety/filter.js';
import { PolicyWatcher } from './safety/policy-watcher.js';
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
  const rules = isFile(config) ? new RulesWatcher(config.safety, report.rules) : null;
  const first = config.safety === 'off' ? [] : [rules?.screen ?? loadRuleScreen(null)];
  const all: readonly Screen[] = [...first, ...screens];
  if (all.length === 0) return { safety: unfiltered, close: () => {} };
  const policy = openPolicy(config, all, report);
  const audit = openAudit(config, report);
  const safety = createSafety(all, {
    policy: policy?.decideFor,
    onFailure: config.safetyOnFailure,
    timeLimitMs: config.safetyTimeLimit,
    ahead: config.safetyMode === 'async' ? config.safetyAhead : 0,
    onError: report.screenFailed,
    onFinding: audit?.observe,
  });
  // Last, so that what is refused above leaves no timer.
  rules?.file.start();
  policy?.file.start();
  const close = () => {
    audit?.close();
    rules?.file.close();
    policy?.file.close();
  };
  return { safety, close };
}

function isFile({ safety }: Config): boolean {
  return safety !== 'default' && safety !== 'off';
}

function openPolicy(config: Config, screens: readonly Screen[], report: SafetyReport): PolicyWatcher | null {
  if (config.safetyPolicy === null) return null;
  const tenants = config.apiKeys.map(tenantOf);
  // Of what reads texts: a line for another category would never count.
  const reading = screens.filter(({ scoresOnly = false }) => !scoresOnly);
  const known = () => ({ categories: reading.flatMap((screen) => screen.categories), tenants });
  return new PolicyWatcher(config.safetyPolicy, known, report.policy);
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
