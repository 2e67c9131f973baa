/** Reads a settings file in YAML (and so in JSON) by a schema, and says with line numbers what is wrong with it. */
import { readFileSync, statSync } from 'node:fs';
import { type Document, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { OctavoError } from '../errors.js';
import { describeReadFailure } from '../file-failure.js';
import { describeFault, flattenIssues, formatPath, mostFaults, type ValidationIssue } from '../validation-issue.js';

type Path = readonly PropertyKey[];

/** What was read, and how to refuse a part of it that the schema cannot see. */
export interface ParsedYaml<T> {
  readonly value: T;
  /** `invalid_config` that names the line of `path` and says what is wrong there. */
  readonly fault: (path: Path, message: string) => OctavoError;
}

export interface TextLimits {
  /** What names the file, and what may be there: `--safety`, `a YAML file of rules`. */
  readonly flag: string;
  readonly expected: string;
  readonly bytes: number;
}

/** Throws `invalid_config`. */
export function readText(file: string, { flag, expected, bytes }: TextLimits): string {
  try {
    const found = statSync(file);
    if (found.isFile() && found.size > bytes)
      throw new OctavoError('invalid_config', `${file} is larger than ${bytes} bytes`);
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof OctavoError) throw error;
    const message = `${flag} ${file} cannot be read: ${describeReadFailure(error)}; expected ${expected}`;
    throw new OctavoError('invalid_config', message, null, { cause: error });
  }
}

/** `name` stands for the file in messages. Throws `invalid_config`, naming the file, the line and what is allowed. */
export function parseYaml<S extends z.ZodType>(text: string, name: string, schema: S): ParsedYaml<z.output<S>> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const faults = (list: readonly { readonly line: number; readonly message: string }[]) => {
    const shown = list.slice(0, mostFaults).map(({ line, message }) => `${name}:${line}: ${message}`);
    return new OctavoError('invalid_config', shown.join('\n'));
  };
  const lineOf = (path: Path) => lines.linePos(offsetOf(document, path)).line || 1;

  const unreadable = [...document.errors, ...document.warnings];
  if (unreadable.length > 0) {
    throw faults(unreadable.map((error) => ({ line: lines.linePos(error.pos[0]).line, message: firstLine(error) })));
  }
  const parsed = schema.safeParse(plainValue(document, name));
  if (!parsed.success) {
    const issues = flattenIssues(parsed.error.issues);
    throw faults(issues.map((issue) => ({ line: lineOf(pathOf(issue)), message: describeFault(issue) })));
  }
  const fault = (path: Path, message: string) =>
    faults([{ line: lineOf(path), message: `${formatPath(path)}: ${message}` }]);
  return { value: parsed.data, fault };
}

/** Aliases are resolved within the bound of the `yaml` package, so that no small file grows without limit. */
function plainValue(document: Document, name: string): unknown {
  try {
    return document.toJS();
  } catch (error) {
    throw new OctavoError('invalid_config', `${name}: ${error instanceof Error ? firstLine(error) : String(error)}`);
  }
}

/** Offset of the key or element that the path leads to, or of the deepest one on the way that is there. */
function offsetOf(document: Document, path: Path): number {
  let node: unknown = document.contents;
  let offset = 0;
  for (const step of path) {
    let position: unknown;
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && key.value === step);
      position = pair?.key;
      node = pair?.value;
    } else if (isSeq(node)) {
      node = node.items[Number(step)];
      position = node;
    }
    if (!isScalar(position) && !isMap(position) && !isSeq(position)) break;
    offset = position.range?.[0] ?? offset;
  }
  return offset;
}

function pathOf({ path, unknownKeys }: ValidationIssue): Path {
  return [...path, ...unknownKeys.slice(0, 1)];
}

function firstLine(error: Error): string {
  return error.message.split('\n', 1)[0] ?? '';
}
