/** `octavo chat`: talks to a model in the terminal, through the same API that applications use. */
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
import { type ConversationSettings, converse } from './chat-conversation.js';
import { chatHelp } from './chat-line.js';
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

Reads a line, streams the reply, remembers the conversation. With --url a running server answers: --model is an id of its
/v1/models then, and the settings of the engine do not count.

${chatHelp}
Ctrl+C in a reply ends the request; what was said of it stays in the conversation, and before its first word the message is
left out. At an empty prompt Ctrl+C ends when it is typed twice. Lines may come from a file: status 1 says that one of them was
not answered.

${describeOptions(chatOptions)}

Examples:
  octavo chat --model ./qwen --system "Answer in one sentence."
  octavo chat --url http://127.0.0.1:8080 --model concierge --temperature 0
  octavo chat --max-tokens 50 < questions.txt > answers.txt
`,
  run: async (argv, env) => {
    const { values, positionals } = parseOptions(chatOptions, { argv, env });
    refusePositionals(positionals);
    if (values.url !== null) {
      return talk(values.url, { ...values, model: givenModel(argv, env), isRemote: true }, `Talking to ${values.url}`);
    }
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
      await talk(server.url, { ...values, model: null, isRemote: false }, `${engine.model.id} is listening to you`);
    } finally {
      await server.close();
    }
  },
};

/** What was given, not what stands in its place. */
function givenModel(argv: readonly string[], env: NodeJS.ProcessEnv): string | null {
  const model = { ...chatOptions.model, schema: z.string().nullable().default(null) };
  return parseOptions({ ...chatOptions, model }, { argv, env }).values.model;
}

async function talk(url: string, settings: ConversationSettings, greeting: string): Promise<void> {
  const isInteractive = process.stdin.isTTY;
  if (isInteractive) process.stdout.write(`${greeting}. /help lists the commands, /exit ends.\n`);
  const failed = await converse(url, settings, {
    ...{ input: process.stdin, output: process.stdout, remarks: process.stderr, isInteractive },
  });
  // A person has seen what failed.
  if (failed > 0 && !isInteractive) process.exitCode = 1;
}
