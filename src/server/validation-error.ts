/** The answer to a request in which zod found something wrong. */
import { OctavoError } from '../errors.js';
import { formatPath, type ValidationIssue } from '../validation-issue.js';

/** The error that a caller sees for an issue of `body`. */
export function toError(issue: ValidationIssue, body: unknown): OctavoError {
  const unknownKey = issue.unknownKeys[0];
  if (unknownKey !== undefined) {
    const param = formatPath([...issue.path, unknownKey]);
    return new OctavoError('unknown_parameter', `Unknown parameter: '${param}'.`, param);
  }
  const param = formatPath(issue.path);
  if (valueAt(body, issue.path) === undefined) {
    return new OctavoError('invalid_value', `Missing required parameter: '${param}'.`, param);
  }
  return new OctavoError('invalid_value', `Invalid value for '${param}': ${issue.message}.`, param);
}

function valueAt(body: unknown, path: readonly PropertyKey[]): unknown {
  let value = body;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}
