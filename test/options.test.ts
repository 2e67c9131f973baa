/** Options from flags, environment and a file: who wins, and what a bad value is told. */
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import {
  decimal,
  describeOptions,
  integer,
  list,
  type OptionSources,
  type OptionTable,
  oneOf,
  parseOptions,
  text,
  toggle,
} from '#octavo/options.js';

const table = {
  maxRows: { schema: integer(1, 9).default(4), value: 'n', help: 'Rows', env: ['APP_ROWS', 'ROWS'] },
  color: { schema: oneOf('red', 'green').default('red'), value: 'name', help: 'Color', env: ['APP_COLOR'] },
  heat: { schema: decimal(0, 2).default(1), value: 'n', help: 'Heat' },
  name: { schema: text(5).nullable().default(null), value: 'text', help: 'Name' },
  keys: { schema: list(), value: 'keys', help: 'Keys', env: ['APP_KEYS'], secret: true },
  quiet: { schema: toggle(), help: 'Say nothing', env: ['APP_QUIET'] },
} satisfies OptionTable;

const read = (sources: Partial<OptionSources>) => parseOptions(table, { argv: [], ...sources }).values;

function problem(sources: Partial<OptionSources>): string {
  try {
    read(sources);
  } catch (error) {
    expect(error).toMatchObject({ name: 'OctavoError', code: 'invalid_config' });
    return (error as Error).message;
  }
  return 'none';
}

describe('precedence', () => {
  const argv = ['--max-rows', '1'];
  const env = { APP_ROWS: '2' };
  const file = { maxRows: 3 };

  test.each<[string, Partial<OptionSources>, number]>([
    ['a flag wins over everything', { argv, env, file }, 1],
    ['the environment wins over the file', { env, file }, 2],
    ['the file wins over the default', { file }, 3],
    ['the default is left', {}, 4],
    ['the last of two flags counts', { argv: [...argv, '--max-rows=7'] }, 7],
    ['the first variable that is set counts', { env: { ROWS: '6', APP_ROWS: '5' } }, 5],
    ['an empty variable is not set', { env: { APP_ROWS: '', ROWS: '6' }, file }, 6],
  ])('%s', (_, sources, rows) => {
    expect(read(sources).maxRows).toBe(rows);
  });
});

describe('values', () => {
  test.each<[string, Partial<OptionSources>, object]>([
    ['numbers from text', { argv: ['--max-rows', '7'], env: {} }, { maxRows: 7 }],
    ['numbers from a file, as numbers and as text', { file: { maxRows: '8' } }, { maxRows: 8 }],
    ['a variable with spaces around', { env: { APP_ROWS: ' 7 ' } }, { maxRows: 7 }],
    ['a number with a fraction', { argv: ['--heat', '0.5'] }, { heat: 0.5 }],
    ['what begins with a hyphen', { argv: ['--name=-x'] }, { name: '-x' }],
    ['a hyphen alone', { argv: ['--name', '-'] }, { name: '-' }],
    ['a switch', { argv: ['--quiet'] }, { quiet: true }],
    ['a switch in the environment', { env: { APP_QUIET: '1' } }, { quiet: true }],
    ['a switch that is off', { env: { APP_QUIET: 'false' } }, { quiet: false }],
    ['a switch in the file', { file: { quiet: true } }, { quiet: true }],
    ['a list', { argv: ['--keys', 'a, b,,c '] }, { keys: ['a', 'b', 'c'] }],
    ['a list in the file', { file: { keys: ['a,b'] } }, { keys: ['a,b'] }],
    ['null in the file where nothing is a value', { file: { name: null } }, { name: null }],
  ])('%s', (_, sources, expected) => {
    expect(read(sources)).toMatchObject(expected);
  });

  test('are frozen, and what is no flag is kept apart', () => {
    const { values, positionals } = parseOptions(table, { argv: ['in', '--quiet', 'out'] });
    expect(Object.isFrozen(values)).toBe(true);
    expect(positionals).toEqual(['in', 'out']);
  });
});

describe('a bad value is told where it comes from and what is allowed', () => {
  const rows = 'expected a whole number from 1 to 9.';

  test.each<[Partial<OptionSources>, string]>([
    [{ argv: ['--max-rows', '10'] }, `--max-rows is "10": ${rows}`],
    [{ argv: ['--max-rows', '0'] }, `--max-rows is "0": ${rows}`],
    [{ argv: ['--max-rows', '1.5'] }, `--max-rows is "1.5": ${rows}`],
    [{ argv: ['--max-rows', '1e0'] }, `--max-rows is "1e0": ${rows}`],
    [{ argv: ['--max-rows='] }, `--max-rows is "": ${rows}`],
    [{ argv: ['--max-rows=-1'] }, `--max-rows is "-1": ${rows}`],
    [{ env: { APP_ROWS: 'many' } }, `APP_ROWS is "many": ${rows}`],
    [{ env: { ROWS: '0x5' } }, `ROWS is "0x5": ${rows}`],
    [{ file: { maxRows: true } }, `"maxRows" in the config file is true: ${rows}`],
    [{ file: { maxRows: null } }, `"maxRows" in the config file is null: ${rows}`],
    [{ file: { maxRows: [5] } }, `"maxRows" in the config file is [5]: ${rows}`],
    [{ file: { maxRows: 2.5 } }, `"maxRows" in the config file is 2.5: ${rows}`],
    [{ argv: ['--color', 'blue'] }, '--color is "blue": expected one of red, green.'],
    [{ file: { color: 1 } }, '"color" in the config file is 1: expected one of red, green.'],
    [{ argv: ['--name', ''] }, '--name is "": expected a text of 1 to 5 characters.'],
    [{ file: { name: 5 } }, '"name" in the config file is 5: expected a text of 1 to 5 characters.'],
    [{ env: { APP_QUIET: 'yes' } }, 'APP_QUIET is "yes": expected true or false.'],
    [{ file: { quiet: 1 } }, '"quiet" in the config file is 1: expected true or false.'],
    // A secret is not shown.
    [
      { file: { keys: ['k', 1] } },
      '"keys" in the config file: expected values separated by commas, or a list of strings.',
    ],
    [{ file: { rows: 5 } }, 'The config file has an unknown setting "rows".'],
    [{ file: { toString: 5 } }, 'The config file has an unknown setting "toString".'],
    [{ argv: ['--max-rows', '-1'] }, `--max-rows is "-1": ${rows}`],
    [{ argv: ['--max-row', '5'] }, 'There is no option --max-row.'],
    [{ argv: ['--maxRows', '5'] }, 'There is no option --maxRows.'],
    [{ argv: ['--__proto__', '5'] }, 'There is no option --__proto__.'],
    [{ argv: ['--no-quiet'] }, 'There is no option --no-quiet.'],
    [{ argv: ['-r', '5'] }, 'There is no option -r.'],
    [{ argv: ['--max-rows'] }, '--max-rows needs a value: --max-rows <n>.'],
    [{ argv: ['--quiet=1'] }, '--quiet is a switch: it takes no value.'],
    [
      { argv: ['--max-rows', '--quiet'] },
      '--max-rows needs a value, but what follows begins with a hyphen; such a value is written --max-rows=<n>.',
    ],
    [{ argv: ['--heat', '3'] }, '--heat is "3": expected a number from 0 to 2.'],
    [{ argv: ['--heat', '-0.1'] }, '--heat is "-0.1": expected a number from 0 to 2.'],
    [{ argv: ['--heat', 'hot'] }, '--heat is "hot": expected a number from 0 to 2.'],
    [{ argv: ['--heat', '1e0'] }, '--heat is "1e0": expected a number from 0 to 2.'],
  ])('%j', (sources, message) => {
    expect(problem(sources)).toBe(message);
  });

  test('an empty variable counts where the option says so', () => {
    const needed = { key: { ...table.name, env: ['APP_KEY'], emptyCounts: true } } satisfies OptionTable;
    expect(() => parseOptions(needed, { argv: [], env: { APP_KEY: '' } })).toThrow('APP_KEY is "": expected a text of');
  });

  test('an option without a default is missing', () => {
    const needed = { out: { schema: z.string(), value: 'folder', help: 'Where to' } } satisfies OptionTable;
    expect(() => parseOptions(needed, { argv: [] })).toThrow('--out is missing.');
  });
});

test('the help text has a line for each option, in columns', () => {
  expect(describeOptions(table).split('\n')).toEqual([
    '  --max-rows <n>  Rows [APP_ROWS, ROWS]',
    '  --color <name>  Color [APP_COLOR]',
    '  --heat <n>      Heat',
    '  --name <text>   Name',
    '  --keys <keys>   Keys [APP_KEYS]',
    '  --quiet         Say nothing [APP_QUIET]',
  ]);
});
