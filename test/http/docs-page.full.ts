/** The page to try the API, in a real browser: everything comes from the server, and a request works. */
import { mkdirSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { BrowserPage } from '../support/browser.js';
import { type ServerProcess, startServer } from '../support/server-process.js';

let server: ServerProcess;
let page: BrowserPage;

beforeAll(async () => {
  server = await startServer('--log-level', 'silent');
  page = await BrowserPage.open();
  await page.goTo(`${server.url}/docs`);
  await page.waitFor(`document.querySelectorAll('.opblock').length > 0`);
});

afterAll(async () => {
  await page.close();
  expect(await server.stop()).toBe(0);
});

it('lists every operation of the document', async () => {
  const document = (await (await fetch(`${server.url}/openapi.json`)).json()) as { paths: Record<string, object> };
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const shown = await page.evaluate(
    `[...document.querySelectorAll('.opblock')].map((block) => block.querySelector('.opblock-summary-method').textContent
       + ' ' + block.querySelector('.opblock-summary-path').dataset.path)`,
  );
  expect((shown as string[]).toSorted()).toEqual(operations.toSorted());
  expect(operations).toContain('POST /v1/chat/completions');
});

it.each([
  ['Models-listModels', '"id": "concierge"'],
  ['Generation-createCompletion', '"text_completion"'],
  ['Generation-createChatCompletion', '"role": "assistant"'],
])('sends %s as it is filled in and shows the answer', async (name, part) => {
  const operation = `#operations-${name}`;
  const answer = `document.querySelector('${operation} .live-responses-table`;
  await page.click(`${operation} .opblock-summary-control`, `document.querySelector('${operation}.is-open') !== null`);
  await page.click(`${operation} .execute`, `${answer} tbody .response-col_status') !== null`);
  expect(await page.evaluate(`${answer} tbody .response-col_status').textContent`)).toMatch(/^200/);
  expect(await page.evaluate(`${answer} .microlight').textContent`)).toContain(part);
  mkdirSync('tmp', { recursive: true });
  await page.screenshot(`tmp/docs-page-${name}.png`);
});

it('asks nobody but the server, and nothing is refused or fails', () => {
  const outside = page.requests.filter((url) => !url.startsWith(`${server.url}/`) && !url.startsWith('data:'));
  expect(outside).toEqual([]);
  expect(page.requests).toContain(`${server.url}/v1/models`);
  expect(page.complaints).toEqual([]);
});
