/** `octavo chat`: talks to a model in the terminal, through the same API that applications use. */
import { createInterface } from 'node:readline/promises';
import { z } from 'zod';
import { readConfig } from '../config.js';
import { counted } from '../counted.js';
import { engineOptions } from '../engine-options.js';
import { OctavoError } from '../errors.js';
import {
  decimal,
  describeOptions,
  integer,
  type OptionTable,
  parseOptions,
  refusePositionals,
  text,
} from '../options.js';
import { serve } from '../serve.js';
import { type Message, Refusal, streamReply } from './chat-reply.js';
import type { Command } from './command.js';

const chatOptions = {
  ...engineOptions,
  url: {
    schema: z
      .url({ protocol: /^https?$/, error: 'expected an address such as http://127.0.0.1:8080' })
      .nullable()
      .default(null),
    value: 'url',
    help: 'Talk to a running server instead of starting one',
  },
  apiKey: {
    schema: text().nullable().default(null),
    value: 'key',
    help: 'Key for that server',
    env: ['OCTAVO_API_KEY'],
  },
  system: { schema: z.string().nullable().default(null), value: 'text', help: 'System message' },
  temperature: {
    schema: decimal(0, 2).nullable().default(null),
    value: 'n',
    help: "0 to 2 (default: the model's)",
  },
  maxTokens: {
    schema: integer(1, 1 << 20)
      .nullable()
      .default(null),
    value: 'n',
    help: 'Tokens of a reply at most',
  },
} as const satisfies OptionTable;

export const chatCommand: Command = {
  name: 'chat',
  summary: 'Talk to a model in the terminal',
  help: `Usage: octavo chat [options]

Reads a line, streams the reply, remembers the conversation. /new begins another, /exit or Ctrl+D ends. With --url a
running server answers: --model is an id of its /v1/models then, and the settings of the engine do not count.

${describeOptions(chatOptions)}
`,
  run: async (argv, env) => {
    const { values, positionals } = parseOptions(chatOptions, { argv, env });
    refusePositionals(positionals);
    if (values.url !== null) return converse(values.url, { ...values, model: givenModel(argv, env) });
    const { model, rows, context, threads, device, runtime, ortLibrary } = values;
    const config = readConfig(
      ['--port', '0', '--host', '127.0.0.1', '--log-level', 'silent', '--moderator', 'off'],
      {},
    );
    const server = await serve({
      ...{ ...config, model: [model], device: [device], rows, context, threads, runtime, ortLibrary },
    });
    try {
      const [engine] = server.engines;
      if (engine?.kind !== 'decoder') {
        throw new OctavoError(
          'invalid_config',
          `The model ${engine?.model.id} generates no text: nobody would answer.`,
        );
      }
      process.stdout.write(`${engine.model.id} is listening to you. /new begins another conversation, /exit ends.\n`);
      await converse(server.url, { ...values, model: null });
    } finally {
      await server.close();
    }
  },
};

/** `model`: its id on the server; `null`: the server's first. */
type ChatSettings = Omit<ReturnType<typeof parseOptions<typeof chatOptions>>['values'], 'model'> & {
  readonly model: string | null;
};

/** What was given, not what stands in its place. */
function givenModel(argv: readonly string[], env: NodeJS.ProcessEnv): string | null {
  const model = { ...chatOptions.model, schema: z.string().nullable().default(null) };
  return parseOptions({ ...chatOptions, model }, { argv, env }).values.model;
}

async function converse(url: string, settings: ChatSettings): Promise<void> {
  const terminal = createInterface({
    input: process.stdin,
    output: process.stdout,
    prompt: process.stdin.isTTY ? '> ' : '',
  });
  const opening: Message[] = settings.system === null ? [] : [{ role: 'system', content: settings.system }];
  let messages: readonly Message[] = opening;
  // Input from a file ends before its lines are answered; Node 24 refuses to prompt then.
  let isOpen = true;
  terminal.once('close', () => {
    isOpen = false;
  });
  terminal.prompt();
  for await (const line of terminal) {
    const text = line.trim();
    if (text === '/exit') break;
    if (text === '/new') messages = opening;
    else if (text !== '') {
      messages = await takeTurn(url, [...messages, { role: 'user', content: text }], settings);
    }
    if (isOpen) terminal.prompt();
  }
  terminal.close();
}

/** The conversation with the reply, or without the last question when the server refused it: too long, say. */
async function takeTurn(url: string, asked: readonly Message[], settings: ChatSettings): Promise<readonly Message[]> {
  try {
    const { content, finish } = await streamReply(url, asked, settings);
    process.stdout.write('\n');
    if (finish === 'length') process.stderr.write(`${describeCut(settings)}\n`);
    if (finish === 'content_filter') process.stderr.write('(The safety filter ended the reply.)\n');
    return [...asked, { role: 'assistant', content }];
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const lost = error.isTooLong ? 'The conversation is too long for the model, so your message was left out. ' : '';
    process.stderr.write(`${lost}${error.message} (/new begins another conversation.)\n`);
    process.exitCode = 1;
    return asked.slice(0, -1);
  }
}

function describeCut({ maxTokens, url }: Pick<ChatSettings, 'maxTokens' | 'url'>): string {
  if (maxTokens !== null) return `(The reply was cut at ${counted(maxTokens, 'token')}, as --max-tokens says.)`;
  // Another server may have a limit of its own.
  const why = url === null ? 'the context of the model is full' : 'it is as long as the server allows';
  return `(The reply was cut: ${why}. /new begins another conversation.)`;
}
