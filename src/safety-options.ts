/** The settings of the safety filter. */
import { integer, type OptionTable, oneOf, text, toggle } from './options.js';

export const safetyOptions = {
  safety: {
    schema: text().default('default'),
    value: 'file',
    help: 'Rules of the safety filter: a YAML file, "default" or "off" (default: default)',
    env: ['OCTAVO_SAFETY'],
  },
  safetyPolicy: {
    schema: text().nullable().default(null),
    value: 'file',
    help: 'What is done about each category, for prompts and outputs, for all or for single keys: a YAML file (default: none)',
    env: ['OCTAVO_SAFETY_POLICY'],
  },
  safetyMode: {
    schema: oneOf('strict', 'async').default('strict'),
    value: 'mode',
    help: 'strict: nothing leaves before its verdict; async: text flows, verdicts follow (default strict)',
    env: ['OCTAVO_SAFETY_MODE'],
  },
  safetyAhead: {
    schema: integer(1, 1 << 20).default(1000),
    value: 'characters',
    help: 'In async mode: how far text may flow ahead of its verdict (default 1000)',
    env: ['OCTAVO_SAFETY_AHEAD'],
  },
  moderator: {
    schema: text().default('default'),
    value: 'folder',
    help: 'Model that classifies texts, or a guard that writes its verdicts, for /v1/moderations and --moderate: a folder, "default" or "off" (default: default, the embedded one)',
    env: ['OCTAVO_MODERATOR'],
  },
  moderatorThreads: {
    schema: integer(1, 1024).default(1),
    value: 'n',
    help: 'Threads of the moderator (default 1: the embedded one is small, and the model that answers needs the others)',
    env: ['OCTAVO_MODERATOR_THREADS'],
  },
  moderate: {
    schema: oneOf('off', 'annotate', 'block').default('off'),
    value: 'what',
    help: 'What is done about prompts and outputs that the moderator objects to: annotate, block, or off, which asks it about nothing (default off)',
    env: ['OCTAVO_MODERATE'],
  },
  auditLog: {
    schema: text().nullable().default(null),
    value: 'file',
    help: 'Append what the safety filter finds to this file, a line of JSON each (default: nowhere)',
    env: ['OCTAVO_AUDIT_LOG'],
  },
  auditText: { schema: toggle(), help: 'Write the texts that were found to the audit log', env: ['OCTAVO_AUDIT_TEXT'] },
  auditKey: {
    schema: text().nullable().default(null),
    value: 'key',
    help: 'Key of the hashes in the audit log (default: a new one at each start)',
    env: ['OCTAVO_AUDIT_KEY'],
    secret: true,
  },
  auditMaxBytes: {
    schema: integer(1024, 1 << 30).default(64 << 20),
    value: 'bytes',
    help: 'Size at which the audit log is rotated (default 64 MiB)',
    env: ['OCTAVO_AUDIT_MAX_BYTES'],
  },
  auditKeep: {
    schema: integer(0, 1000).default(4),
    value: 'n',
    help: 'Rotated audit logs that are kept: file.1 is the newest (default 4)',
    env: ['OCTAVO_AUDIT_KEEP'],
  },
  safetyOnFailure: {
    schema: oneOf('block', 'pass').default('block'),
    value: 'what',
    help: 'Text that a screen failed to judge: block or pass (default block)',
    env: ['OCTAVO_SAFETY_ON_FAILURE'],
  },
  safetyTimeLimit: {
    schema: integer(1, 600_000).default(5000),
    value: 'ms',
    help: 'A screen that has not answered by then has failed (default 5000)',
    env: ['OCTAVO_SAFETY_TIME_LIMIT'],
  },
  contentFilterResults: {
    schema: toggle(),
    help: 'Answers tell what the safety filter thought of them, as Azure has it',
    env: ['OCTAVO_CONTENT_FILTER_RESULTS'],
  },
} as const satisfies OptionTable;
