/** `octavo chat`: talks to a model in the terminal, through the same API that applications use. */
import { createInterface } from 'node:readline/promises';
import { createParser } from 'eventsource-parser';
import { z } from 'zod';
import { readConfig } from '../config.js';
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
import type { Command } from './command.js';

const chatOptions = {
  ...engineOptions,
  url: {
    schema: z
      .url({ protocol: /^https?$/, error: 'Expected an address such as http://127.0.0.1:8080' })
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

interface Message {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

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
    return [...asked, { role: 'assistant', content: await streamReply(url, asked, settings) }];
  } catch (error) {
    if (!(error instanceof OctavoError) || error.code !== 'invalid_value') throw error;
    process.stderr.write(`${error.message} (/new begins another conversation.)\n`);
    process.exitCode = 1;
    return asked.slice(0, -1);
  }
}

const chunkSchema = z.object({
  choices: z.array(z.object({ delta: z.object({ content: z.string().nullish() }) })).optional(),
  error: z.object({ message: z.string() }).optional(),
});

/** Prints the reply as it comes, and returns it. */
async function streamReply(url: string, messages: readonly Message[], settings: ChatSettings): Promise<string> {
  const response = await post(new URL('/v1/chat/completions', url), settings.apiKey, {
    ...(settings.model === null ? {} : { model: settings.model }),
    messages,
    stream: true,
    ...(settings.temperature === null ? {} : { temperature: settings.temperature }),
    ...(settings.maxTokens === null ? {} : { max_tokens: settings.maxTokens }),
  });
  if (!response.ok || response.body === null) throw await toError(response);
  let reply = '';
  const parser = createParser({
    onEvent: ({ data }) => {
      if (data === '[DONE]') return;
      const chunk = chunkSchema.parse(JSON.parse(data));
      if (chunk.error) throw new OctavoError('engine_failed', chunk.error.message);
      const text = chunk.choices?.[0]?.delta.content ?? '';
      process.stdout.write(text);
      reply += text;
    },
  });
  for await (const text of response.body.pipeThrough(new TextDecoderStream())) parser.feed(text);
  process.stdout.write('\n');
  return reply;
}

/** Throws `not_ready` when nobody answers. */
async function post(url: URL, apiKey: string | null, body: object): Promise<Response> {
  const key = apiKey === null ? {} : { authorization: `Bearer ${apiKey}` };
  const headers = { 'content-type': 'application/json', ...key };
  try {
    return await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  } catch (error) {
    const reason = ((error as Error).cause as Error | undefined)?.message ?? (error as Error).message;
    throw new OctavoError('not_ready', `No answer from ${url.origin}: ${reason}.`, null, { cause: error });
  }
}

async function toError(response: Response): Promise<OctavoError> {
  const body = z
    .object({ error: z.object({ message: z.string() }) })
    .safeParse(await response.json().catch(() => null));
  return new OctavoError(
    'invalid_value',
    body.success ? body.data.error.message : `The server answered ${response.status}`,
  );
}
