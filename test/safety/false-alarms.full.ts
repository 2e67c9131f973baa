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
const mostSentences = 2500;

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
    return readdirSync(path)
      .filter((name) => name.endsWith('.gz'))
      .sort()
      .map((name) => gunzipSync(readFileSync(`${path}/${name}`)).toString('utf8'));
  });
  const sentences = [...new Set(pages.flatMap(sentencesOf))];
  const every = Math.max(1, Math.floor(sentences.length / mostSentences));
  return sentences.filter((_, at) => at % every === 0).slice(0, mostSentences);
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
});
