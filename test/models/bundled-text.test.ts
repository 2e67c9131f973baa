/** The bundled text: small, varied, and a text a line. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { bundledTextFile, textLines } from '#octavo/models/bundled-text.js';

const bytes = readFileSync(bundledTextFile);
const texts = textLines(bytes.toString('utf8'));

it('is a few kilobytes of different texts', () => {
  expect(bytes.length).toBeGreaterThan(8_000);
  expect(bytes.length).toBeLessThan(16_000);
  expect(texts.length).toBeGreaterThan(120);
  expect(new Set(texts).size).toBe(texts.length);
  expect(texts.every((text) => /^\P{Cc}+$/u.test(text))).toBe(true);
});

it('has several scripts, code and JSON', () => {
  const scripts = ['Latin', 'Han', 'Hiragana', 'Hangul', 'Devanagari', 'Cyrillic', 'Arabic'];
  for (const script of scripts)
    expect(texts.some((text) => new RegExp(`\\p{Script=${script}}`, 'u').test(text))).toBe(true);
  expect(texts.some((text) => text.startsWith('{') && typeof JSON.parse(text) === 'object')).toBe(true);
  expect(texts.some((text) => text.startsWith('function '))).toBe(true);
});

it('takes each line that is not blank for a text', () => {
  expect(textLines('one\r\n\n  \ntwo ')).toEqual(['one', 'two']);
});
