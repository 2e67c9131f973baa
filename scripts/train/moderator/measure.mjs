/**
 * Measures built classifiers through Octavo's own engine, on windows as they are served. Thresholds are chosen on the dev
 * split by the first folder and hold for all; figures are of the test split, which nothing was chosen by.
 *
 * Usage: measure.mjs TEXTS FOLDER [FOLDER ...] [--moderation moderation.json] [--limit n]
 * --moderation writes the label map with the thresholds; --limit takes that many texts of each source and split.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { readConfig } from '../../../dist/config.js';
import { startModerator } from '../../../dist/moderator.js';
import { averagePrecision, recallAt, share, thresholdAt } from './metrics.mjs';

/**
 * Share of dev's texts without a category that may reach its threshold. Readers differ most on what is harassment: more of
 * those are errors of theirs.
 */
const falseAlarms = (category) => (category === 'harassment' ? 0.0015 : 0.0005);
/** Test texts of a category below which nothing can be said of it: it is not served. */
const fewest = 25;
/** Learnt, but not served: it objects to whatever is killed, cut or destroyed, processes and bread included. */
const unserved = ['violence'];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { moderation: { type: 'string' }, limit: { type: 'string', default: '1000000' } },
});
const [file, ...folders] = positionals;
const harmless = new URL('../../../test/fixtures/harmless-questions.txt', import.meta.url);
const texts = [...readTexts(file), ...readQuestions()];

/** Sentences of one frame each, and registers where nothing is ever to be found, would be most of the figures. */
const isFramed = ({ source }) => /^(madlibs|own-tasks|own-requests)/.test(source);
const isQuiet = ({ source }) => /^(dialogues|questions|manuals)$/.test(source);
const natural = (text) => !isFramed(text) && !isQuiet(text);
const isClean = ({ split, labels }) => split === 'test' && Object.values(labels).every((label) => label === 0);
const identities =
  'gay lesbian homosexual transgender queer muslim jewish christian black white mexican chinese blind deaf old young';

let thresholds = null;
const found = ({ scores }) =>
  [...thresholds].filter(([name, least]) => (scores.get(name) ?? 0) >= least).map(([name]) => name);

const figures = [];
for (const folder of folders) {
  const { scored, categories } = await score(folder);
  thresholds ??= chooseThresholds(scored, categories);
  console.log(`\n${folder}`);
  figures.push(reportCategories(scored));
  reportFalseAlarms(scored);
}
for (const other of figures.slice(1)) compare(figures[0], other);
if (values.moderation) {
  const labels = Object.fromEntries([...thresholds.keys()].map((name) => [name, name]));
  const map = { version: 1, labels, thresholds: Object.fromEntries(thresholds) };
  writeFileSync(values.moderation, `${JSON.stringify(map, null, 2)}\n`);
}

function readTexts(path) {
  const lines = readFileSync(path, 'utf8').trim().split('\n');
  const counts = new Map();
  return lines
    .map((line) => JSON.parse(line))
    .filter(({ split, source }) => {
      const key = `${split} ${source}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
      return split !== 'train' && counts.get(key) <= Number(values.limit);
    });
}

function readQuestions() {
  const lines = readFileSync(harmless, 'utf8').trim().split('\n');
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
  return { scored, categories: screen.categories };
}

/** Texts of a split whose label is known, with that and their score. */
function labelled(scored, { category, split, which = () => true }) {
  return scored
    .filter((text) => text.split === split && text.labels[category] !== undefined && which(text))
    .map((text) => ({ label: text.labels[category], score: text.scores.get(category) ?? 0 }));
}

function chooseThresholds(scored, categories) {
  const positives = (category) =>
    labelled(scored, { category, split: 'test', which: natural }).filter(({ label }) => label === 1).length;
  const enough = categories.filter((category) => positives(category) >= fewest && !unserved.includes(category));
  return new Map(
    enough.map((category) => {
      const dev = labelled(scored, { category, split: 'dev' });
      return [category, Number(thresholdAt(dev, falseAlarms(category)).toFixed(3))];
    }),
  );
}

function reportCategories(scored) {
  const all = new Map();
  for (const [category, threshold] of thresholds) {
    const test = labelled(scored, { category, split: 'test', which: natural });
    const figures = {
      auprc: averagePrecision(test),
      'recall at 1% FPR': recallAt(test, 0.01),
      recall: share(test, 1, threshold),
      FPR: share(test, 0, threshold),
    };
    all.set(category, figures);
    const harmful = scored.filter((text) => text.split === 'test' && natural(text) && text.labels[category] === 1);
    figures['found as any'] = harmful.filter((text) => found(text).length > 0).length / harmful.length;
    print(category, {
      positives: test.filter(({ label }) => label === 1).length,
      texts: test.length,
      threshold,
      ...figures,
    });
  }
  const frames = labelled(scored, { category: 'hate', split: 'test', which: isFramed });
  print('hate, unseen frames', {
    texts: frames.length,
    auprc: averagePrecision(frames),
    recall: share(frames, 1, thresholds.get('hate')),
  });
  return all;
}

function reportFalseAlarms(scored) {
  const clean = scored.filter(isClean);
  for (const source of new Set(clean.map(({ source }) => source))) {
    const some = clean.filter((text) => text.source === source);
    const flagged = some.filter((text) => found(text).length > 0);
    print(`clean: ${source}`, { texts: some.length, flagged: flagged.length, rate: flagged.length / some.length });
    if (source === 'questions') for (const text of flagged) console.log(`    ${text.text}  ${found(text).join(', ')}`);
  }
  const groups = clean.filter(({ source }) => /^(debiasing|madlibs)/.test(source));
  for (const term of identities.split(' ')) {
    const some = groups.filter(({ text }) => new RegExp(`\\b${term}\\b`, 'i').test(text));
    print(`group: ${term}`, { texts: some.length, flagged: some.filter((text) => found(text).length > 0).length });
  }
}

function compare(one, other) {
  console.log('\nthe first against another: relative difference');
  for (const [category, figures] of one) {
    const theirs = other.get(category);
    const changes = Object.keys(figures).map((name) => [name, theirs[name] ? figures[name] / theirs[name] - 1 : 0]);
    print(category, Object.fromEntries(changes));
  }
}

function print(name, figures) {
  const parts = Object.entries(figures).map(
    ([key, value]) => `${key} ${Number.isInteger(value) ? value : value.toFixed(4)}`,
  );
  console.log(name.padEnd(26), parts.join('  '));
}
