import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { OctavoError } from '#octavo/errors.js';
import { parseRules, readRules } from '#octavo/safety/rules-file.js';
import { loadSafety } from './rule-filter.js';

const folder = mkdtempSync(path.join(tmpdir(), 'octavo-rules-'));
afterAll(() => rmSync(folder, { recursive: true }));

function refusal(text: string): string {
  try {
    parseRules(text, 'rules.yaml');
  } catch (error) {
    if (error instanceof OctavoError && error.code === 'invalid_config') return error.message;
    throw error;
  }
  return 'accepted';
}

const rule = (...lines: string[]) =>
  ['version: 1', 'rules:', '  - id: one', '    category: test', ...lines.map((line) => `    ${line}`)].join('\n');

describe('a good file', () => {
  test('gives rules with their defaults', () => {
    const [first, second] = parseRules(
      `${rule('action: redact', 'terms: [Foo]')}
  - id: two
    category: test
    action: block
    direction: output
    pattern: 'ab{1,3}'
`,
      'rules.yaml',
    );
    expect(first).toMatchObject({
      id: 'one',
      action: 'redact',
      direction: 'both',
      replacement: '[redacted]',
      pattern: null,
    });
    expect(second).toMatchObject({ id: 'two', direction: 'output', terms: [], pattern: { longest: 4 } });
  });

  test('may be JSON, and may have no rules', () => {
    const json = JSON.stringify({
      version: 1,
      rules: [{ id: 'a', category: 'b', action: 'block', terms: ['x'], word: false }],
    });
    expect(parseRules(json, 'rules.json')).toHaveLength(1);
    expect(parseRules('version: 1\nrules: []', 'rules.yaml')).toEqual([]);
  });

  test('is read from disk and screens', () => {
    const file = path.join(folder, 'good.yaml');
    writeFileSync(file, rule('action: block', 'terms: [forbidden]', 'direction: prompt'));
    const safety = loadSafety(file);
    expect(safety.screenPrompt('a Forbidden thing')).toEqual({
      blocked: true,
      text: 'a ',
      findings: [{ rule: 'one', category: 'test', action: 'block' }],
    });
    expect(safety.guardOutput().push('a forbidden thing ').blocked).toBe(false);
  });
});

describe('a bad file is refused with its line and what is allowed', () => {
  test.each([
    [
      'an action',
      rule('action: delete', 'terms: [a]'),
      /^rules\.yaml:5: rules\[0\]\.action: expected one of 'block', 'redact', 'annotate'$/,
    ],
    [
      'a direction',
      rule('action: block', 'direction: in', 'terms: [a]'),
      /^rules\.yaml:6: .*'prompt', 'output', 'both'$/,
    ],
    [
      'an unknown key',
      rule('action: block', 'terms: [a]', 'termz: [b]'),
      /^rules\.yaml:7: rules\[0\]: unknown key "termz"$/,
    ],
    ['a missing key', rule('terms: [a]'), /^rules\.yaml:3: rules\[0\]\.action: /],
    ['no rules', 'version: 1', /^rules\.yaml:1: rules: it is missing; expected an array$/],
    ['no terms', rule('action: block', 'terms: []'), /^rules\.yaml:6: .*: expected at least 1 entry$/],
    ['terms that are no list', rule('action: block', 'terms: a'), /: expected an array, got a string$/],
    ['neither', rule('action: block'), /^rules\.yaml:3: rules\[0\]: must have either "terms" or "pattern" or "detect"/],
    ['both', rule('action: block', 'terms: [a]', 'pattern: b'), /must have either "terms" or "pattern" or "detect"/],
    [
      'a replacement',
      rule('action: block', 'replacement: x', 'terms: [a]'),
      /^rules\.yaml:6: .*only with the action "redact"/,
    ],
    ['a word flag', rule('action: block', 'pattern: abc', 'word: true'), /^rules\.yaml:7: .*only with "terms"/],
    [
      'a term that is no text',
      rule('action: block', 'terms:', '  - a', '  - 3'),
      /^rules\.yaml:8: rules\[0\]\.terms\[1\]: /,
    ],
    [
      'an invisible term',
      rule('action: block', 'terms:', '  - a', '  - "\\u200b "'),
      /^rules\.yaml:8: .*no visible character/,
    ],
    ['a term of marks', rule('action: block', 'terms: ["\\u0301a"]'), /^rules\.yaml:6: .*combining mark/],
    ['a long term', rule('action: block', `terms: [${'a'.repeat(257)}]`), /^rules\.yaml:6: .*256/],
    [
      'an endless pattern',
      rule('action: block', 'pattern: ab+'),
      /^rules\.yaml:6: rules\[0\]\.pattern: .*no longest match/,
    ],
    ['a long pattern', rule('action: block', `pattern: ${'a'.repeat(1001)}`), /^rules\.yaml:6: .*1000/],
    [
      'an id',
      rule('action: block', 'terms: [a]').replace('one', 'One_'),
      /^rules\.yaml:3: rules\[0\]\.id: .*lower-case/,
    ],
    ['a version', 'version: 2\nrules: []', /^rules\.yaml:1: version: .*1/],
    ['YAML', 'version: 1\nrules: [', /^rules\.yaml:2: /],
    ['a key twice', 'version: 1\nversion: 1\nrules: []', /^rules\.yaml:2: .*unique/],
    ['an unknown tag', 'version: !x 1\nrules: []', /^rules\.yaml:1: .*tag/],
    ['two documents', 'version: 1\nrules: []\n---\nversion: 1', /document/],
    ['nothing', '', /^rules\.yaml:1: expected an object, got null$/],
  ])('%s', (_name, text, expected) => {
    expect(refusal(text)).toMatch(expected);
  });

  test('an id that is used twice', () => {
    const text = `${rule('action: block', 'terms: [a]')}\n  - {id: one, category: c, action: block, terms: [b]}`;
    expect(refusal(text)).toMatch(/^rules\.yaml:7: rules\[1\]\.id: .*unique/);
  });

  test('several faults are named together', () => {
    expect(refusal(rule('action: delete', 'terms: []')).split('\n')).toHaveLength(2);
  });

  test('aliases cannot blow it up', () => {
    const levels = Array.from(
      { length: 9 },
      (_, level) => `l${level + 1}: &l${level + 1} [${`*l${level}, `.repeat(9)}]`,
    );
    expect(refusal(['l0: &l0 [a]', ...levels].join('\n'))).toMatch(/alias/i);
  });

  test('too many rules', () => {
    const rules = Array.from(
      { length: 1001 },
      (_, index) => `  - {id: r${index}, category: c, action: block, terms: [a]}`,
    );
    expect(refusal(['version: 1', 'rules:', ...rules].join('\n'))).toMatch(/rules: .*1000/);
  });

  test('a file that is not there, and one that is too large', () => {
    expect(() => readRules(path.join(folder, 'none.yaml'))).toThrow(
      /^--safety .*none\.yaml cannot be read: there is no such file; expected/,
    );
    const large = path.join(folder, 'large.yaml');
    writeFileSync(large, ' '.repeat(262_145));
    expect(() => readRules(large)).toThrow(/larger than 262144 bytes/);
  });
});
