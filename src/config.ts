/** The settings of `octavo serve`: flags, environment and file become one frozen, checked Config. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { deviceList } from './device-name.js';
import { embeddedModel, engineOptions } from './engine-options.js';
import { OctavoError } from './errors.js';
import { describeReadFailure } from './file-failure.js';
import { kvMemoryDefault } from './machine.js';
import {
  integer,
  list,
  type OptionTable,
  type OptionValues,
  oneOf,
  parseOptions,
  refusePositionals,
  text,
  toggle,
} from './options.js';
import { safetyOptions } from './safety-options.js';

export const serveOptions = {
  ...engineOptions,
  model: {
    schema: list().transform((folders) => (folders.length > 0 ? folders : [embeddedModel])),
    value: 'folders',
    help: 'Model folders, separated by commas or each with a --model; the embedded one by default',
    env: ['OCTAVO_MODEL'],
    many: true,
  },
  device: {
    ...engineOptions.device,
    schema: deviceList().default(['auto']),
    value: 'names',
    help: `${engineOptions.device.help}; several, with commas: a replica of each model that generates on each`,
    many: true,
  },
  prefixCache: {
    schema: integer(0, 1 << 20).default(256),
    value: 'MiB',
    help: 'Memory for beginnings of prompts, which later prompts that begin alike take over; 0: none (default 256)',
    env: ['OCTAVO_PREFIX_CACHE'],
  },
  name: {
    schema: text(128).nullable().default(null),
    value: 'id',
    help: "Id of the model in the API (default: the folder's own); for one model alone",
    env: ['OCTAVO_NAME'],
  },
  host: {
    schema: text().default('127.0.0.1'),
    value: 'address',
    help: 'Address to listen on (default 127.0.0.1)',
    env: ['HOST'],
  },
  port: {
    schema: integer(0, 65535).default(8080),
    value: 'n',
    help: 'Port to listen on, 0 for any free one (default 8080)',
    env: ['PORT'],
  },
  apiKeys: {
    schema: keyList(),
    value: 'keys',
    help: 'Keys that callers must present, separated by commas (default: none, open to everybody who reaches it)',
    env: ['OCTAVO_API_KEYS'],
    secret: true,
    // Whoever sets it wants keys: `OCTAVO_API_KEYS="$KEYS"` of a variable that has gone must not open the server.
    emptyCounts: true,
  },
  allowedHosts: {
    schema: list(),
    value: 'names',
    help: 'Host names that callers may use, * for any (default: loopback names on a loopback address, else any)',
    env: ['OCTAVO_ALLOWED_HOSTS'],
  },
  ...safetyOptions,
  unknownParams: {
    schema: oneOf('refuse', 'ignore').default('refuse'),
    value: 'what',
    help: 'Unknown request parameters: refuse (400) or ignore (listed in a response header) (default refuse)',
    env: ['OCTAVO_UNKNOWN_PARAMS'],
  },
  queue: {
    schema: integer(1, 100_000).default(1024),
    value: 'n',
    help: 'Sequences that may wait (default 1024)',
    env: ['OCTAVO_QUEUE'],
  },
  queueTokens: {
    schema: integer(1, 1 << 30).default(1 << 18),
    value: 'n',
    help: 'Prompt tokens that may wait (default 262144)',
    env: ['OCTAVO_QUEUE_TOKENS'],
  },
  chunkTokens: {
    schema: integer(2, 1 << 16).default(256),
    value: 'n',
    help: 'Longer prompts are computed in chunks of this many tokens, between decode steps (default 256)',
    env: ['OCTAVO_CHUNK_TOKENS'],
  },
  kvMemory: {
    schema: integer(1, 1 << 24).default(kvMemoryDefault()),
    value: 'MiB',
    help: 'Memory that the KV caches of all models may take; where it is less than --rows and --context need, rows become fewer (default: half of what is free at the start)',
    env: ['OCTAVO_KV_MEMORY'],
  },
  speculate: {
    schema: integer(0, 32).default(0),
    value: 'tokens',
    help: 'Tokens to guess at once from the text of a request that does not say; exact only up to rounding (default 0: none)',
    env: ['OCTAVO_SPECULATE'],
  },
  replicas: {
    schema: integer(1, 64).nullable().default(null),
    value: 'n',
    help: 'Copies of each model that generates, with rows and a prefix cache of their own; they share --threads (default: one on each --device)',
    env: ['OCTAVO_REPLICAS'],
  },
  requestTimeout: {
    schema: integer(1, 86_400).default(600),
    value: 'seconds',
    help: 'A request that takes longer ends with an error (default 600)',
    env: ['OCTAVO_REQUEST_TIMEOUT'],
  },
  bodyLimit: {
    schema: integer(1024, 1 << 30).default(4 << 20),
    value: 'bytes',
    help: 'Largest request body (default 4 MiB)',
    env: ['OCTAVO_BODY_LIMIT'],
  },
  rankBy: {
    schema: text().nullable().default(null),
    value: 'model[=label]',
    help: 'Rank the candidates of best_of by a model that classifies (default: by their probability); =-label: the least',
    env: ['OCTAVO_RANK_BY'],
  },
  logLevel: {
    schema: oneOf('debug', 'info', 'warn', 'error', 'silent').default('info'),
    value: 'level',
    help: 'debug, info, warn, error or silent (default info)',
    env: ['OCTAVO_LOG_LEVEL'],
  },
  logPrompts: { schema: toggle(), help: 'Write prompts to the log', env: ['OCTAVO_LOG_PROMPTS'] },
  timings: { schema: toggle(), help: 'Add queue, prefill and decode milliseconds to answers', env: ['OCTAVO_TIMINGS'] },
} as const satisfies OptionTable;

export type Config = OptionValues<typeof serveOptions>;

const configFile = {
  config: {
    schema: text().nullable().default(null),
    value: 'file',
    help: 'JSON file with any of these settings, keys in camelCase (default: none)',
    env: ['OCTAVO_CONFIG'],
  },
} as const satisfies OptionTable;

/** Everything that `octavo serve` takes. */
export const serveFlags = { ...serveOptions, ...configFile };

/** Throws `invalid_config` naming the flag, variable or file at fault and what is allowed. */
export function readConfig(argv: readonly string[], env: NodeJS.ProcessEnv): Config {
  const { config: file } = parseOptions(serveFlags, { argv, env }).values;
  const sources = file === null ? { argv, env } : { argv, env, file: readFile(file) };
  const { values, positionals } = parseOptions(serveFlags, sources);
  refusePositionals(positionals);
  const { config: _, ...config } = values;
  if (config.name !== null && config.model.length > 1) {
    const message = `--name is the id of one model, but there are ${config.model.length}: they keep their own.`;
    throw new OctavoError('invalid_config', message);
  }
  const devices = config.device.length;
  if (devices > 1 && config.replicas !== null && config.replicas !== devices) {
    const message = `--replicas ${config.replicas} does not go with the ${devices} devices of --device: there is one replica on each. Name a device several times for several on it.`;
    throw new OctavoError('invalid_config', message);
  }
  return Object.freeze(config);
}

/** A list that is given has a key. Bearer tokens are of these characters. */
function keyList() {
  const missing =
    'there is no key in it; name at least one, or leave the setting out (unset the variable) to serve without keys';
  const words = 'a key has no spaces, and only letters, digits and signs of ASCII';
  return list()
    .removeDefault()
    .refine((keys) => keys.length > 0, missing)
    .refine((keys) => keys.every((key) => /^[!-~]+$/.test(key)), words)
    .default([]);
}

/** Settings of a config file; it cannot name another one. */
function readFile(file: string): Record<string, unknown> {
  const settings = parseObject(file);
  if ('config' in settings) throw new OctavoError('invalid_config', `The config file ${file} names a config file.`);
  return settings;
}

function parseObject(file: string): Record<string, unknown> {
  const expected = 'expected a JSON file of settings';
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const message = `--config ${file} cannot be read: ${describeReadFailure(error)}; ${expected}.`;
    throw new OctavoError('invalid_config', message, null, { cause: error });
  }
  try {
    const result = z.record(z.string(), z.unknown()).safeParse(JSON.parse(text));
    if (result.success) return result.data;
  } catch (error) {
    throw new OctavoError('invalid_config', `--config ${file} is not JSON (${(error as Error).message}); ${expected}.`);
  }
  throw new OctavoError('invalid_config', `--config ${file} is not a JSON object; ${expected}.`);
}
