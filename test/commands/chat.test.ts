/** A chat as a person types it: what the keys do to a reply, and what is remembered. */
import { PassThrough } from 'node:stream';
import { describe, expect, it, test } from 'vitest';
import { type ConversationSettings, converse } from '#octavo/commands/chat-conversation.js';
import { readChatLine } from '#octavo/commands/chat-line.js';
import { OctavoError } from '#octavo/errors.js';
import { type FakeServer, fakeServer, listen } from '../support/fake-server.js';
import { Screen } from '../support/screen.js';
import { ctrlC, ctrlD } from '../support/terminal.js';

const settings: ConversationSettings = {
  ...{ model: null, apiKey: null, temperature: null, maxTokens: null, system: null, isRemote: true },
};

const decode = (ids: readonly number[]) => String.fromCharCode(...ids);

async function openChat(server: FakeServer, given: Partial<ConversationSettings> = {}) {
  const { port } = await listen(server);
  const [input, screen] = [new PassThrough(), new Screen()];
  const ended = converse(
    `http://127.0.0.1:${port}`,
    { ...settings, ...given },
    {
      ...{ input, output: screen, remarks: screen, isInteractive: true },
    },
  );
  await screen.shows('> ');
  const type = (keys: string) => void input.write(keys);
  return { screen, type, ended, prompts: () => server.generator.requests.map(({ prompt }) => decode(prompt)) };
}

/** A chat whose first message, `one`, waits for its reply, `first`: the server says nothing but what the test has it say. */
async function openReply() {
  const server = fakeServer();
  server.generator.script = null;
  const chat = await openChat(server);
  chat.type('one\r');
  const [first] = await server.generator.submitted(1);
  return { server, chat, first };
}

describe('Ctrl+C', () => {
  it('stops a reply, frees its row, and keeps what was said', async () => {
    const { server, chat, first } = await openReply();
    first?.say('half of ');
    await chat.screen.shows('half of ');
    chat.type(ctrlC);
    expect(await first?.ended).toBe('cancelled');
    await chat.screen.shows('\n(Stopped: what was said stays in the conversation.)\n');
    await chat.screen.shows('> ');
    server.generator.script = () => ['whole'];
    chat.type('two\r');
    await chat.screen.shows('whole\n');
    expect(chat.prompts()[1]).toBe('<user>one<assistant>half of <user>two');
    chat.type('/exit\r');
    expect(await chat.ended).toBe(0);
  });

  it('before the first word leaves the message out', async () => {
    const { server, chat, first } = await openReply();
    chat.type(ctrlC);
    expect(await first?.ended).toBe('cancelled');
    await chat.screen.shows('(Stopped before the reply began: your message was left out.)');
    server.generator.script = () => ['whole'];
    chat.type('two\r');
    await chat.screen.shows('whole\n');
    expect(chat.prompts()[1]).toBe('<user>two');
    chat.type(ctrlD);
    expect(await chat.ended).toBe(0);
  });

  it('clears a line, tells at an empty one how to end, and ends when it comes again', async () => {
    const server = fakeServer();
    const chat = await openChat(server);
    chat.type(`half a line\x01${ctrlC}kept\r`);
    await chat.screen.shows('Hello world\n');
    await chat.screen.shows('> ');
    expect(chat.prompts()).toEqual(['<user>kept']);
    const warning = '\n(Ctrl+C once more, Ctrl+D or /exit ends.)\n';
    chat.type(ctrlC);
    await chat.screen.shows(warning);
    // A line in between makes the next one the first again.
    chat.type('/help\r');
    await chat.screen.shows('as //etc.\n');
    await chat.screen.shows('> ');
    chat.type(ctrlC);
    await chat.screen.shows(warning);
    chat.type(ctrlC);
    expect(await chat.ended).toBe(0);
  });
});

test('Ctrl+D in a reply ends both', async () => {
  const { chat, first } = await openReply();
  chat.type(ctrlD);
  expect(await first?.ended).toBe('cancelled');
  expect(await chat.ended).toBe(0);
});

test('a conversation that is too long, and it alone, is told of /new', async () => {
  const server = fakeServer();
  const chat = await openChat(server, { system: 'S' });
  const long = 'x'.repeat(70);
  chat.type(`${long}${long}\r`);
  await chat.screen.shows('Your message is too long for the model, and was left out. The context of this model is');
  await chat.screen.shows('> ');
  chat.type(`${long}\r`);
  await chat.screen.shows('Hello world\n');
  chat.type(`${long}\r`);
  await chat.screen.shows('The conversation is too long for the model, so your message was left out. The context');
  await chat.screen.shows('(/new begins another conversation.)');
  server.generator.refusal = new OctavoError('queue_full', 'There is no room.');
  chat.type('/new\r');
  chat.type('one\r');
  await chat.screen.shows('There is no room.\n');
  expect(chat.screen.text.match(/\/new begins/g)).toHaveLength(1);
  chat.type(ctrlD);
  expect(await chat.ended).toBe(3);
});

test('a server that is gone is told of, and the conversation goes on', async () => {
  const { server, chat, first } = await openReply();
  first?.say('half of ');
  await chat.screen.shows('half of ');
  server.app.server.closeAllConnections();
  await chat.screen.shows('\nNo answer from http://127.0.0.1:');
  await server.app.close();
  await chat.screen.shows('> ');
  chat.type('two\r');
  await chat.screen.shows('ECONNREFUSED');
  chat.type(ctrlD);
  expect(await chat.ended).toBe(2);
});

test.each([
  ['a line', { kind: 'message', text: 'a line' }],
  ['  a line ', { kind: 'message', text: 'a line' }],
  [' ', { kind: 'empty' }],
  ['/new', { kind: 'command', name: '/new' }],
  [' /exit ', { kind: 'command', name: '/exit' }],
  ['/foo bar', { kind: 'unknown', name: '/foo' }],
  ['/new one', { kind: 'unknown', name: '/new' }],
  ['/toString', { kind: 'unknown', name: '/toString' }],
  ['//etc/hosts', { kind: 'message', text: '/etc/hosts' }],
  ['///', { kind: 'message', text: '//' }],
])('%j', (line, meaning) => {
  expect(readChatLine(line)).toEqual(meaning);
});
