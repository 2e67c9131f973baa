/** The classifier of the safety filter in an engine of its own: labels, refusals, and a worker that is killed in mid-text. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Config } from '#octavo/config.js';
import { buildModel } from '#octavo/models/build/build.js';
import type { Moderator } from '#octavo/moderator.js';
import { createSafety, screenWhole } from '#octavo/safety/filter.js';
import { Metrics } from '#octavo/server/metrics.js';
import { reportSafety } from '#octavo/server/safety-report.js';
import { encoderFixtures } from './support/encoder-fixtures.js';
import { temporaryFolder } from './support/folders.js';
import { recordWorkers } from './support/record-workers.js';
import { buildTinyEncoder } from './support/tiny-encoder.js';
import { buildTinyGuard } from './support/tiny-guard.js';

const workers = recordWorkers();
const observer = () => ({ step() {}, queued() {}, finished() {} });
const origin = { direction: 'output', tenant: '', request: 'test' } as const;

async function start(settings: Partial<Config>): Promise<Moderator | null> {
  const { readConfig } = await import('#octavo/config.js');
  const { startModerator } = await import('#octavo/moderator.js');
  return startModerator({ ...readConfig([], {}), threads: 1, ...settings }, observer);
}

const started = async (settings: Partial<Config>) => {
  const moderator = await start(settings);
  if (moderator === null) throw new Error('it is switched on');
  return moderator;
};

describe('a moderator', () => {
  it('is none when it is off', async () => {
    expect(await start({ moderator: 'off' })).toBeNull();
  });

  it('that comes with the package runs on the CPU, wherever the models run', async () => {
    const { engine } = await started({ device: ['webgpu'] });
    expect(engine.model.runtime.provider).toBe('cpu');
    await engine.close();
  });

  it('cannot be off where texts are to be moderated', async () => {
    await expect(start({ moderator: 'off', moderate: 'block' })).rejects.toThrow(
      '--moderate block needs a model that moderates, but --moderator is off.',
    );
  });

  it('that reads no texts leaves a policy no categories of its own', async () => {
    const { openScreening } = await import('#octavo/screening.js');
    const { readConfig } = await import('#octavo/config.js');
    const policy = path.join(temporaryFolder(), 'policy.yaml');
    writeFileSync(policy, 'version: 1\npolicy:\n  - { category: illicit, threshold: 0.9, action: block }\n');
    const config = { ...readConfig([], {}), safety: 'off', safetyPolicy: policy };
    for (const moderate of ['off', 'block'] as const) {
      const { engine, screen } = await started({ moderate });
      const open = () =>
        openScreening(config, reportSafety(pino({ level: 'silent' }), new Metrics()), [screen]).close();
      if (moderate === 'off') expect(open).toThrow(/policy.yaml:3.*no screen finds "illicit"/);
      else expect(open).not.toThrow();
      await engine.close();
    }
  });

  it('takes the labels of any classifier that was built with a moderation.json', async () => {
    const source = path.join(temporaryFolder(), 'checkpoint');
    cpSync(encoderFixtures.find(({ name }) => name === 'bert-classify')!.folder, source, { recursive: true });
    const labels = { good: null, bad: ['hate', 'spam'] };
    const moderation = { version: 1, labels, thresholds: { spam: 0.75 } };
    const out = path.join(temporaryFolder(), 'built');
    writeFileSync(path.join(source, 'moderation.json'), JSON.stringify(moderation));
    await buildModel({ source, out, precision: 'int8' });
    const { engine, screen } = await started({ moderator: out });
    expect([...(screen.thresholds ?? [])]).toEqual([
      ['hate', 0.5],
      ['spam', 0.75],
    ]);
    const [scores] = await screen.score(['some text']);
    expect(scores?.get('hate')).toBe(scores?.get('spam'));
    expect(scores?.get('hate')).toBeGreaterThan(0);
    await engine.close();
  });

  it.each([
    ['labels that mean nothing', { task: 'classify', labels: ['LABEL_0', 'LABEL_1'] }, '"LABEL_0", "LABEL_1"'],
    ['a model that embeds', { task: 'embed' }, 'does not classify'],
  ] as const)('refuses %s', async (_, encoder, message) => {
    const folder = await buildTinyEncoder(encoder);
    await expect(start({ moderator: folder })).rejects.toThrow(message);
  });
});

describe('a moderator that generates', () => {
  const guard = (moderation: object) => ({ version: 1, ...moderation });

  it('is known by its template, and moderation.json says what its words mean', async () => {
    const moderation = guard({ labels: { S10: ['hate', 'spam'], S13: null }, thresholds: { spam: 0.75 } });
    const { engine, screen } = await started({ moderator: await buildTinyGuard({ reply: 'unsafe\nS10', moderation }) });
    expect(screen.categories).toContain('specialized-advice');
    expect(screen.categories).not.toContain('elections');
    expect(screen.thresholds?.get('spam')).toBe(0.75);
    const scores = await screen.score(['some text', '']);
    expect(scores.map((one) => [...one])).toEqual([
      [
        ['hate', 1],
        ['spam', 1],
      ],
      [],
    ]);
    await engine.close();
  });

  it('can be one that moderation.json names, whose format needs no template', async () => {
    const template = 'no message';
    const moderation = guard({ guard: 'shieldgemma' });
    const { engine, screen } = await started({
      moderator: await buildTinyGuard({ reply: 'No', template, moderation, context: 2048 }),
    });
    await expect(screen.score(['some text'])).rejects.toThrow('not of the format shieldgemma');
    await engine.close();
  });

  it.each([
    ['nothing tells what it is', { template: '{{ messages[0].content }}' }, 'llama-guard-4, qwen3guard-gen'],
    ['its guard is not known', { moderation: guard({ guard: 'other' }) }, 'names the guard "other"'],
    [
      'its template shows no message',
      { template: 'none', moderation: guard({ guard: 'llama-guard-3' }) },
      'needs a chat template',
    ],
    ['its moderation.json gives a label that it lacks', { moderation: guard({ labels: { S99: 'hate' } }) }, '"S99"'],
    ['its context is too short', { context: 160 }, 'at least 64 more are needed'],
  ] as const)('is refused when %s', async (_, settings, message) => {
    const folder = await buildTinyGuard({ reply: 'safe', ...settings });
    await expect(start({ moderator: folder })).rejects.toThrow(message);
  });
});

describe('the embedded moderator', () => {
  let moderator: Moderator;

  beforeAll(async () => {
    moderator = await started({ context: 16 });
  });

  afterAll(async () => {
    await moderator.engine.close();
  });

  /** Texts in which it finds anything. */
  async function found(texts: readonly string[]): Promise<readonly string[]> {
    const scores = await moderator.screen.score(texts);
    const limits = [...(moderator.screen.thresholds ?? [])];
    return texts.filter((_, index) => limits.some(([category, least]) => (scores[index]?.get(category) ?? 0) >= least));
  }

  it('serves the categories that its texts could teach, whatever the context of the models that answer', () => {
    expect(moderator.screen.categories).toEqual(['harassment', 'hate', 'illicit', 'illicit/violent', 'self-harm']);
    expect(moderator.engine.model.contextLength).toBe(128);
  });

  it('is what is built of its checkpoint, byte for byte', async () => {
    const out = path.join(temporaryFolder(), 'moderator');
    await buildModel({ source: 'test/fixtures/moderator-f16', out, precision: 'int8', name: 'moderator' });
    expect(readFileSync(path.join(out, 'manifest.json'))).toEqual(readFileSync('models/moderator/manifest.json'));
  });

  it('objects to no more harmless questions than its card says', async () => {
    const questions = readFileSync('test/fixtures/harmless-questions.txt', 'utf8').trim().split('\n');
    expect(questions).toHaveLength(200);
    expect((await found(questions)).length).toBeLessThanOrEqual(5);
  });

  it('does not take an identity for an insult', async () => {
    const identities = ['gay man', 'lesbian', 'Muslim woman', 'Jew', 'Black woman', 'deaf person', 'transgender man'];
    expect(await found(identities.flatMap((who) => [`I am a proud ${who}.`, `My neighbour is a ${who}.`]))).toEqual([]);
  });

  it('finds insults, also in capitals, full width and among invisible characters', async () => {
    const insult = 'You are a worthless piece of shit, you stupid bitch.';
    const wide = [...insult].map((c) => (/[a-z]/i.test(c) ? String.fromCodePoint(c.codePointAt(0)! + 0xfee0) : c));
    const disguised = [insult, insult.toUpperCase(), wide.join(''), [...insult].join('\u200b')];
    expect(await found(disguised)).toEqual(disguised);
  });
});

describe('a moderator whose worker is killed', () => {
  let moderator: Moderator;

  beforeAll(async () => {
    const folder = await buildTinyEncoder({ task: 'classify', labels: ['hate', 'fine'], scores: 'sigmoid' });
    moderator = await started({ moderator: folder, moderate: 'annotate' });
  });

  afterAll(async () => {
    await moderator.engine.close();
  });

  it('lets nothing through that it has not judged, is counted, and judges the next text', async () => {
    const failures: string[] = [];
    const safety = createSafety([moderator.screen], {
      timeLimitMs: 600_000,
      onError: (name) => failures.push(name),
    });
    const sentences = [
      'Where is the breakfast, and when is it served? ',
      'It is served from seven to ten in the room. ',
    ];
    const guard = safety.guard(origin);
    const first = await guard.push(sentences[0]!);
    expect(first.blocked).toBe(false);
    await workers.at(-1)!.terminate();
    const second = await guard.push(sentences[1]!);
    expect(second.blocked).toBe(true);
    expect(sentences.join('').startsWith(first.text + second.text)).toBe(true);
    expect((first.text + second.text).length).toBeLessThan(sentences[0]!.length);
    expect(second.findings.at(-1)).toMatchObject({
      screen: 'tiny-classify',
      category: 'screen-failure',
      action: 'block',
    });
    expect(failures).toEqual(['tiny-classify']);
    const whole = sentences.join('');
    expect(await screenWhole(safety.guard(origin), whole)).toMatchObject({ blocked: false, text: whole });
  });
});
