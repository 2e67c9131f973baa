/** Options of a command: one table gives the flags, the environment, the config file, the checks and the help text. */
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { OctavoError } from './errors.js';
import { describeIssue } from './issue-text.js';

export interface Option {
  /** Checks and converts the value; strings come from flags and environment. */
  readonly schema: z.ZodType;
  /** What stands for the value in the help text; none for a switch. */
  readonly value?: string;
  readonly help: string;
  /** Environment variables, the first that is set counts. */
  readonly env?: readonly string[];
  /** The flag may be given several times; the values are joined by commas. */
  readonly many?: boolean;
  /** Error messages do not show the value. */
  readonly secret?: boolean;
  /** A variable that is empty is looked at too, where to overlook it would be a danger. */
  readonly emptyCounts?: boolean;
}

/** Keys are in camel case; the flag `--max-rows` sets `maxRows`. */
export type OptionTable = Readonly<Record<string, Option>>;

export type OptionValues<T extends OptionTable> = { readonly [K in keyof T]: z.output<T[K]['schema']> };

export interface OptionSources {
  readonly argv: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** Parsed config file: keys as in the table. */
  readonly file?: Readonly<Record<string, unknown>>;
}

export interface ParsedOptions<T extends OptionTable> {
  readonly values: OptionValues<T>;
  readonly positionals: readonly string[];
}

/** Flags win over the environment, the environment over the file. Throws `invalid_config` naming the source of a bad value. */
export function parseOptions<T extends OptionTable>(table: T, sources: OptionSources): ParsedOptions<T> {
  const { flags, positionals } = parseFlags(table, sources.argv);
  const unknown = Object.keys(sources.file ?? {}).find((key) => !Object.hasOwn(table, key));
  if (unknown !== undefined) throw invalid(`The config file has an unknown setting "${unknown}"`);
  const values = Object.entries(table).map(([key, option]) => [key, readValue(key, option, { ...sources, flags })]);
  return { values: Object.freeze(Object.fromEntries(values)) as OptionValues<T>, positionals };
}

/** For a command that takes options alone. Throws `invalid_config`. */
export function refusePositionals([first]: readonly string[]): void {
  if (first !== undefined) throw invalid(`Unexpected argument "${first}"`);
}

/** One line for each option. */
export function describeOptions(table: OptionTable): string {
  const rows = Object.entries(table).map(([key, { value, help, env }]) => {
    const flag = `  --${toFlag(key)}${value === undefined ? '' : ` <${value}>`}`;
    return [flag, `${help}${env === undefined ? '' : ` [${env.join(', ')}]`}`] as const;
  });
  const width = Math.max(...rows.map(([flag]) => flag.length)) + 2;
  return rows.map(([flag, help]) => flag.padEnd(width) + help).join('\n');
}

type Flags = Readonly<Record<string, string | boolean | undefined>>;

function parseFlags(table: OptionTable, argv: readonly string[]): { flags: Flags; positionals: string[] } {
  const known = new Map(Object.entries(table).map(([key, option]) => [toFlag(key), option]));
  const options = Object.fromEntries(
    [...known].map(([flag, { value, many = false }]) => [
      flag,
      { type: value === undefined ? ('boolean' as const) : ('string' as const), multiple: many },
    ]),
  );
  // Not strict: what is wrong with a flag is said in words of ours.
  const { values, positionals, tokens } = parseArgs({ args: [...argv], options, strict: false, tokens: true });
  for (const token of tokens) if (token.kind === 'option') checkFlag(token, known.get(token.name));
  const flags = Object.entries(values).map(([key, value]) => [key, Array.isArray(value) ? value.join() : value]);
  return { flags: Object.fromEntries(flags) as Flags, positionals };
}

interface GivenFlag {
  /** As it was written, with its hyphens. */
  readonly rawName: string;
  readonly value: string | undefined;
  /** `--name=value` */
  readonly inlineValue: boolean | undefined;
}

/** Throws `invalid_config`. */
function checkFlag({ rawName, value, inlineValue }: GivenFlag, option: Option | undefined): void {
  if (option === undefined || !rawName.startsWith('--')) throw invalid(`There is no option ${rawName}`);
  if (option.value === undefined) {
    if (value !== undefined) throw invalid(`${rawName} is a switch: it takes no value`);
  } else if (value === undefined) {
    throw invalid(`${rawName} needs a value: ${rawName} <${option.value}>`);
  } else if (!inlineValue && /^-[^\d]/.test(value)) {
    // Not shown: it may be a key.
    const follows = `${rawName} needs a value, but what follows begins with a hyphen`;
    throw invalid(`${follows}; such a value is written ${rawName}=<${option.value}>`);
  }
}

function readValue(
  key: string,
  option: Option,
  { flags, env = {}, file = {} }: OptionSources & { flags: Flags },
): unknown {
  const variable = option.env?.find((name) => env[name] !== undefined && (env[name] !== '' || option.emptyCounts));
  const flag = flags[toFlag(key)];
  const [source, value] =
    flag !== undefined
      ? [`--${toFlag(key)}`, flag]
      : variable !== undefined
        ? [variable, env[variable]]
        : [`"${key}" in the config file`, file[key]];
  const result = option.schema.safeParse(value);
  if (result.success) return result.data;
  const problem = result.error.issues.map(describeIssue).join('; ');
  if (value === undefined) throw invalid(`--${toFlag(key)} is missing`);
  throw invalid(option.secret ? `${source}: ${problem}` : `${source} is ${JSON.stringify(value)}: ${problem}`);
}

function toFlag(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function invalid(message: string): OctavoError {
  return new OctavoError('invalid_config', `${message}.`);
}

/** A whole number between bounds, from a flag's text too: decimal digits, nothing that only converts to a number. */
export function integer(min: number, max: number) {
  const message = `expected a whole number from ${min} to ${max}`;
  const digits = z
    .string()
    .regex(/^\s*\d+\s*$/)
    .transform(Number);
  return z
    .union([z.number(), digits], { error: message })
    .pipe(z.number().int(message).min(min, message).max(max, message));
}

/** A number between bounds, from a flag's text too. */
export function decimal(min: number, max: number) {
  const message = `expected a number from ${min} to ${max}`;
  const digits = z
    .string()
    .regex(/^\s*-?\d+(\.\d+)?\s*$/)
    .transform(Number);
  return z.union([z.number(), digits], { error: message }).pipe(z.number().min(min, message).max(max, message));
}

/** A text that is not empty. */
export function text(max = 4096) {
  const message = `expected a text of 1 to ${max} characters`;
  return z.string(message).min(1, message).max(max, message);
}

export function oneOf<const T extends readonly [string, ...string[]]>(...values: T) {
  return z.enum(values, { error: `expected ${values.length > 1 ? 'one of ' : ''}${values.join(', ')}` });
}

/** A switch: given or not; in the environment and the file also `true`, `false`, `1`, `0`. */
export function toggle() {
  return z
    .union([z.boolean(), z.enum(['true', '1', 'false', '0']).transform((text) => text === 'true' || text === '1')], {
      error: 'expected true or false',
    })
    .default(false);
}

/** Values separated by commas, or a list in the config file. */
export function list() {
  const error = 'expected values separated by commas, or a list of strings';
  return z.union([z.array(z.string()), z.string().transform(splitList)], { error }).default([]);
}

function splitList(text: string): string[] {
  return text.split(',').flatMap((part) => (part.trim() === '' ? [] : [part.trim()]));
}
