/** The written pages of the project, and what can be checked in them. */
import { readdirSync, readFileSync } from 'node:fs';

export interface Page {
  /** From the root of the repository. */
  readonly path: string;
  readonly text: string;
}

export const pages: readonly Page[] = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync('docs')
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
].map((path) => ({ path, text: readFileSync(path, 'utf8') }));

export function page(path: string): Page {
  const found = pages.find((candidate) => candidate.path === path);
  if (!found) throw new Error(`There is no page ${path}`);
  return found;
}

/** The fenced blocks of a language. */
export function codeBlocks({ text }: Page, language: string): string[] {
  return Array.from(text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm))
    .filter(([, name]) => name === language)
    .map(([, , code]) => code ?? '');
}

/** Short pieces of code within sentences. */
export function inlineCode({ text }: Page): string[] {
  const prose = text.replaceAll(/^```[\s\S]*?^```$/gm, '');
  return Array.from(prose.matchAll(/`([^`\n]+)`/g), ([, code]) => code ?? '');
}

/** Every line that a person may type: of the shell blocks, with continued lines joined, and within sentences. */
export function commandLines(one: Page): string[] {
  const blocks = codeBlocks(one, 'sh').flatMap((code) => code.replaceAll('\\\n', ' ').split('\n'));
  return [...blocks, ...inlineCode(one)]
    .flatMap((line) => (line.split('#')[0] ?? '').split('&&'))
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/** The anchors of a page's headings, as GitHub makes them. */
export function anchors({ text }: Page): string[] {
  return Array.from(text.matchAll(/^#+ (.+)$/gm), ([, title]) =>
    (title ?? '')
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}
