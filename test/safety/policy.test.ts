/** What is done about a finding: the first line that fits, else what the screen proposes. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createSafety, screenWhole } from '#octavo/safety/filter.js';
import { parsePolicy, readPolicyText } from '#octavo/safety/policy-file.js';
import type { Action, ScreenSpan } from '#octavo/safety/screen.js';
import { scriptedScreen } from './scripted-screen.js';

const digest = (key: string) => createHash('sha256').update(key).digest('hex');
const known = { categories: ['hate', 'hate/threatening', 'secret'], tenants: [digest('key of research')] };
const nothing = { categories: [], tenants: [] };
const head = `version: 1\nkeys:\n  research: sha256:${digest('key of research')}\npolicy:\n`;
const policy = (...lines: string[]) =>
  parsePolicy(head + lines.map((line) => `  - { ${line} }\n`).join(''), 'policy.yaml', known);

const span = (category: string, score: number, action: Action): ScreenSpan => ({
  ...{ start: 0, end: 1, rule: 'r', replacement: '', rank: 0 },
  ...{ category, score, action },
});

describe('the first line that fits decides', () => {
  const lines = policy(
    'category: hate, keys: research, direction: output, action: annotate',
    'category: [hate, hate/threatening], threshold: 0.9, action: block',
    'category: hate, threshold: 0.4, direction: [prompt, output], action: redact',
    'category: secret, direction: prompt, action: allow',
  );
  const research = digest('key of research');

  test.each([
    ['output', '', span('hate', 0.95, 'annotate'), 'block'],
    ['output', '', span('hate', 0.6, 'annotate'), 'redact'],
    ['output', '', span('hate', 0.3, 'block'), 'allow'],
    ['tool-arguments', '', span('hate', 0.6, 'block'), 'allow'],
    ['output', research, span('hate', 0.95, 'block'), 'annotate'],
    // Where the screen is not sure enough, a line without a threshold does not count.
    ['output', research, span('hate', 0.95, 'allow'), 'block'],
    ['prompt', research, span('hate', 0.95, 'block'), 'block'],
    ['prompt', '', span('secret', 1, 'redact'), 'allow'],
    ['output', '', span('secret', 1, 'redact'), 'redact'],
    ['output', '', span('hate/threatening', 0.5, 'block'), 'allow'],
    ['output', '', span('other', 0.5, 'annotate'), 'annotate'],
  ] as const)('%s of %j: %j', (direction, tenant, found, action) => {
    expect(lines.decideFor({ direction, tenant })(found)).toBe(action);
  });

  test('* is every category, but never what a screen failed to judge', () => {
    const decide = policy('category: "*", action: allow').decideFor({ direction: 'output', tenant: '' });
    expect(decide(span('anything', 1, 'block'))).toBe('allow');
    expect(decide(span('screen-failure', 1, 'block'))).toBe('block');
  });

  test('decides for texts as they are screened', async () => {
    const safety = createSafety([scriptedScreen({ category: 'hate', score: 0.8 })], {
      policy: policy('category: hate, direction: prompt, action: redact').decideFor,
    });
    const screen = (direction: 'prompt' | 'output') =>
      screenWhole(safety.guard({ direction, tenant: '', request: 'r' }), 'BAD news');
    expect(await screen('prompt')).toMatchObject({ text: '[x]', blocked: false });
    expect(await screen('output')).toMatchObject({ text: '', blocked: true });
  });
});

describe('a bad file is refused with its line and what is allowed', () => {
  test.each([
    [
      'category: hate, action: stop',
      /^policy\.yaml:5: policy\[0\]\.action: expected one of 'allow', 'annotate', 'redact', 'block'$/,
    ],
    ['category: hatred, action: block', /^policy\.yaml:5: policy\[0\]\.category: no screen finds "hatred"; .*"hate", /],
    ['category: screen-failure, action: allow', /no screen finds "screen-failure"/],
    ['category: hate, keys: nobody, action: block', /^policy\.yaml:5: policy\[0\]\.keys: "nobody" is not one of/],
    ['category: hate, threshold: 2, action: block', /policy\[0\]\.threshold: expected at most 1$/],
    [
      'category: hate, direction: both, action: block',
      /policy\[0\]\.direction: expected one of 'prompt', 'output', 'tool-arguments' or an array$/,
    ],
    ['category: hate, severity: high, action: block', /^policy\.yaml:5: policy\[0\]: .*"severity"/],
    ['action: block', /policy\[0\]\.category: /],
  ])('%s', (line, message) => {
    expect(() => policy(line)).toThrow(
      expect.objectContaining({ code: 'invalid_config', message: expect.stringMatching(message) }),
    );
  });

  test('a key is named by its digest, so that the file holds no secret', () => {
    const text = 'version: 1\nkeys: { research: my-secret-key }\npolicy: []';
    expect(() => parsePolicy(text, 'p.yaml', nothing)).toThrow(/^p\.yaml:2: keys\.research: must be "sha256:"/);
  });

  test('a key that is none of the server’s is refused by its name: its lines would never count', () => {
    const text = `version: 1\nkeys:\n  research: sha256:${digest('key of research')}\n  other: sha256:${digest('other')}\npolicy: []`;
    expect(() => parsePolicy(text, 'p.yaml', known)).toThrow(
      /^p\.yaml:4: keys\.other: is the digest of no key of --api-keys/,
    );
    expect(() => parsePolicy(text, 'p.yaml', nothing)).toThrow(/^p\.yaml:3: keys\.research: /);
  });

  test('a file that is not there, or is too large', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'octavo-policy-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = path.join(folder, 'policy.yaml');
    expect(() => readPolicyText(file)).toThrow(
      /^--safety-policy .* cannot be read: there is no such file; expected a YAML/,
    );
    writeFileSync(file, `#${' '.repeat(262_144)}`);
    expect(() => readPolicyText(file)).toThrow(/is larger than 262144 bytes/);
    writeFileSync(file, 'version: 1\npolicy: []');
    expect(parsePolicy(readPolicyText(file), file, nothing).lines).toEqual([]);
  });
});
