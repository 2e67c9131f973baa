/** The default rules on clean sentences in eight languages, from Debian's manual pages: next to none may be touched. */
import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { loadRuleScreen } from '#octavo/safety/rule-filter.js';

const manuals = '/usr/share/man';
const languages = {
  English: '.',
  German: 'de',
  French: 'fr',
  Spanish: 'es',
  Japanese: 'ja',
  Chinese: 'zh_CN',
  Russian: 'ru',
  Polish: 'pl',
};
/** Of each language at most this many, from all over its pages. */
const mostSentences = 1500;
/** Pages that they are taken from, all over the alphabet. */
const mostPages = 100;

/** The text of a manual page without the marks of roff, in sentences. */
function sentencesOf(page: string): string[] {
  const text = page
    .split('\n')
    .map((line) => (/^[.']/.test(line) ? '\n' : line))
    .join(' ')
    .replaceAll(/\\f(?:\[[^\]]*\]|\(..|.)|\\[&/,|^%:]|\\s[+-]?\d/g, '')
    .replaceAll(/\\\(..|\\\[[^\]]*\]|\\[~ ]/g, ' ')
    .replaceAll('\\-', '-')
    .replaceAll('\\e', '\\');
  return text
    .split(/\n|(?<=[.!?])\s+(?=[\p{Lu}"„«¿¡])|(?<=[。！？])/u)
    .map((sentence) => sentence.replaceAll(/\s+/g, ' ').trim())
    .filter((sentence) => sentence.length >= (/\p{scx=Han}/u.test(sentence) ? 10 : 25));
}

function sentencesIn(folder: string): string[] {
  const pages = ['man1', 'man5', 'man7', 'man8'].flatMap((section) => {
    const path = `${manuals}/${folder}/${section}`;
    const names = readdirSync(path).filter((name) => name.endsWith('.gz'));
    return names.sort().map((name) => `${path}/${name}`);
  });
  const read = spread(pages, mostPages).map((page) => gunzipSync(readFileSync(page)).toString('utf8'));
  return spread([...new Set(read.flatMap(sentencesOf))], mostSentences);
}

/** So many of a list, evenly. */
function spread<T>(list: readonly T[], most: number): T[] {
  const step = Math.max(1, list.length / most);
  return list.filter((_, at) => Math.floor(at / step) !== Math.floor((at - 1) / step)).slice(0, most);
}

test('of the sentences of manual pages fewer than one in a thousand is touched', () => {
  const screen = loadRuleScreen(null);
  const touched: string[] = [];
  let all = 0;
  for (const [language, folder] of Object.entries(languages)) {
    const sentences = sentencesIn(folder);
    expect(sentences.length, `manual pages in ${language}`).toBeGreaterThan(1000);
    all += sentences.length;
    for (const sentence of sentences) {
      const rules = new Set<string>();
      for (const direction of ['prompt', 'output'] as const) {
        const text = screen.open({ direction });
        const spans = [...text.read(sentence).spans, ...text.end().spans];
        // The addresses of authors are what the rule for addresses is for.
        for (const { rule } of spans) if (rule !== 'contact/email') rules.add(rule);
      }
      if (rules.size > 0) touched.push(`${language}, ${[...rules].join(' ')}: ${sentence}`);
    }
  }
  expect(all).toBeGreaterThan(10_000);
  expect(touched.length / all, touched.join('\n')).toBeLessThan(0.001);
}, 300_000);
