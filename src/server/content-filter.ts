/** What the safety filter thought of a text, in the shape of Azure's `content_filter_results`. */
import { OctavoError } from '../errors.js';
import type { Safety, StreamGuard } from '../safety/safety.js';
import type { FilterResults } from './schema/answer-schema.js';

type Severity = FilterResults[string]['severity'];

/** Least scores of the severities above `safe`. */
const severities: readonly (readonly [Severity, number])[] = [
  ['high', 0.75],
  ['medium', 0.5],
  ['low', 0.25],
];

const order: readonly Severity[] = ['safe', 'low', 'medium', 'high'];

/** Every category that the screens of these guards know, the safe ones too, of their texts together. */
export function filterResults({ screens }: Safety, guards: readonly StreamGuard[]): FilterResults {
  const results: FilterResults = {};
  const note = (category: string, severity: Severity, filtered: boolean) => {
    const name = azureName(category);
    const known = results[name] ?? { filtered: false, severity: 'safe' };
    const worse = order.indexOf(severity) > order.indexOf(known.severity) ? severity : known.severity;
    results[name] = { filtered: known.filtered || filtered, severity: worse };
  };
  const read = screens.filter(({ scoresOnly = false }) => !scoresOnly);
  for (const category of read.flatMap((screen) => screen.categories)) note(category, 'safe', false);
  for (const { verdicts } of guards) {
    for (const [category, { score, action }] of verdicts) {
      note(category, severityOf(score), action === 'redact' || action === 'block');
    }
  }
  return results;
}

/** A prompt that is blocked, for callers who want to know why. */
export class ContentFilterError extends OctavoError {
  constructor(
    cause: OctavoError,
    /** Azure's `innererror`. */
    readonly results: FilterResults,
  ) {
    super('content_filter', cause.message, cause.param, { cause });
  }
}

function severityOf(score: number): Severity {
  return severities.find(([, least]) => score >= least)?.[0] ?? 'safe';
}

/** Azure has four categories, and harassment is hate there; others keep their own name, in its spelling. */
function azureName(category: string): string {
  const [whole = ''] = category.split('/');
  return (whole === 'harassment' ? 'hate' : whole).replaceAll('-', '_');
}
