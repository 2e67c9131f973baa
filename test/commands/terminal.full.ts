/** Commands in a terminal, where Ctrl+C is a key. */
import { expect, it } from 'vitest';
import { fakeServer, listen } from '../support/fake-server.js';
import { ctrlC, ctrlD, openTerminal } from '../support/terminal.js';

it('a chat: Ctrl+C stops the reply, and what failed does not count at the end', async () => {
  const server = fakeServer();
  server.generator.script = null;
  const { port } = await listen(server);
  const { screen, type, ended } = openTerminal('chat', '--url', `http://127.0.0.1:${port}`);
  await screen.shows('Talking to http://127.0.0.1:');
  await screen.shows('> ');
  type('hello\r');
  const [reply] = await server.generator.submitted(1);
  reply?.say('half of ');
  await screen.shows('half of ');
  type(ctrlC);
  expect(await reply?.ended).toBe('cancelled');
  await screen.shows('(Stopped: what was said stays in the conversation.)');
  await screen.shows('> ');
  type('/foo\r');
  await screen.shows('There is no command /foo: /help lists them');
  await screen.shows('> ');
  type('/help\r');
  await screen.shows('/new   begin another conversation');
  await screen.shows('> ');
  type(ctrlD);
  expect(await ended).toBe(0);
});

it('a bench: tells what it measures, and Ctrl+C ends it with a word', async () => {
  const minutes = ['--batch', Array(40).fill(32).join(), '--steps', '300'];
  const { screen, type, ended } = openTerminal('bench', ...minutes);
  await screen.shows('] 0% loading the model');
  await screen.shows('] 0% decode 32');
  type(ctrlC);
  await screen.shows('Stopping; once more stops at once.');
  await screen.shows('octavo: Stopped by SIGINT.');
  expect(await ended).toBe(130);
});

it('a bench that ends leaves its table alone', async () => {
  const sizes = ['--batch', '1', '--prompt', '8', '--steps', '4', '--repeat', '1'];
  const { screen, ended } = openTerminal('bench', ...sizes);
  await screen.shows('decode 1');
  await screen.shows('what the machine can do');
  expect(await ended).toBe(0);
  // The bar is wiped before it.
  expect(screen.text).toContain('\r\x1b[Kconcierge (llama, int8), capacity');
});
