/**
 * Measures built classifiers through Octavo's own engine and windows, and chooses thresholds on the dev split.
 * Usage: measure.mjs TEXTS FOLDER [FOLDER ...] [--thresholds moderation.json] [--limit n]: compares the folders.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { readConfig } from '../../../dist/config.js';
import { startModerator } from '../../../dist/moderator.js';
import { averagePrecision, recallAt, share, thresholdAt } from './metrics.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { thresholds: { type: 'string' }, limit: { type: 'string', default: '1000000' } },
});
const [file, ...folders] = positionals;
const harmless = new URL('../../../test/fixtures/harmless-questions.txt', import.meta.url);
const texts = [...readTexts(file), ...readLines(harmless)];

/** Share of dev's negatives that may reach a threshold. */
const falseAlarms = 0.005;
/** Sentence frames: a source of their own, or the category's figures would be theirs. */
const isNatural = ({ source }) => !/^(madlibs|dialogues|own-tasks|questions)/.test(source);

for (const folder of folders) report(folder, await score(folder));

function readTexts(path) {
  const all = readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const counts = new Map();
  return all.filter(({ split, source }) => {
    const key = `${split} ${source}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
    return split !== 'train' && counts.get(key) <= Number(values.limit);
  });
}

function readLines(path) {
  const lines = readFileSync(path, 'utf8').trim().split('\n');
  return lines.map((text) => ({ text, labels: {}, source: 'questions', split: 'test' }));
}

async function score(folder) {
  const config = readConfig(['--moderator', folder], {});
  const { engine, screen } = await startModerator(config, () => ({ step() {}, queued() {} }));
  const scored = [];
  for (let at = 0; at < texts.length; at += 64) {
    const some = texts.slice(at, at + 64);
    const scores = await screen.score(some.map(({ text }) => text));
    for (const [index, text] of some.entries()) scored.push({ ...text, scores: scores[index] });
  }
  await engine.close();
  return { scored, categories: screen.categories, thresholds: new Map(screen.thresholds) };
}

function report(folder, { scored, categories, thresholds }) {
  console.log(`\n${folder}`);
  for (const category of categories) {
    const of = (split, which) =>
      scored
        .filter((text) => text.split === split && text.labels[category] !== undefined && which(text))
        .map((text) => ({ label: text.labels[category], score: text.scores.get(category) ?? 0 }));
    if (values.thresholds) {
      thresholds.set(
        category,
        Number(
          thresholdAt(
            of('dev', ({ source }) => source !== 'dialogues'),
            falseAlarms,
          ).toFixed(3),
        ),
      );
    }
    const test = of('test', isNatural);
    const threshold = thresholds.get(category);
    const positives = test.filter(({ label }) => label === 1).length;
    print(category, {
      positives,
      texts: test.length,
      auprc: averagePrecision(test),
      'recall at 1% FPR': recallAt(test, 0.01),
      threshold,
      recall: share(test, 1, threshold),
      FPR: share(test, 0, threshold),
    });
  }
  const isFlagged = ({ scores }) => categories.some((name) => (scores.get(name) ?? 0) >= thresholds.get(name));
  const clean = scored.filter(
    ({ split, labels, source }) =>
      split === 'test' && (source === 'questions' || Object.values(labels).every((label) => label === 0)),
  );
  for (const source of [...new Set(clean.map(({ source }) => source))]) {
    const some = clean.filter((text) => text.source === source);
    const flagged = some.filter(isFlagged);
    print(`clean: ${source}`, { texts: some.length, flagged: flagged.length, rate: flagged.length / some.length });
    if (source === 'questions')
      for (const { text, scores } of flagged)
        console.log(
          '   ',
          text,
          [...scores]
            .filter(([name, score]) => score >= thresholds.get(name))
            .map(([name]) => name)
            .join(' '),
        );
  }
  const identities = [
    'gay',
    'lesbian',
    'homosexual',
    'transgender',
    'queer',
    'muslim',
    'jewish',
    'christian',
    'black',
    'white',
    'mexican',
    'chinese',
    'blind',
    'deaf',
    'old',
    'young',
  ];
  for (const term of identities) {
    const some = clean.filter(
      ({ text, source }) => /^(debiasing|madlibs)/.test(source) && new RegExp(`\\b${term}\\b`, 'i').test(text),
    );
    print(`group: ${term}`, { texts: some.length, flagged: some.filter(isFlagged).length });
  }
  if (values.thresholds) {
    const labels = Object.fromEntries(categories.map((name) => [name, name]));
    const content = { version: 1, labels, thresholds: Object.fromEntries(thresholds) };
    writeFileSync(values.thresholds, `${JSON.stringify(content, null, 2)}\n`);
  }
}

function print(name, figures) {
  const parts = Object.entries(figures).map(
    ([key, value]) => `${key} ${Number.isInteger(value) ? value : value.toFixed(4)}`,
  );
  console.log(name.padEnd(26), parts.join('  '));
}
