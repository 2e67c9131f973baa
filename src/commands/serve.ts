/** `octavo serve`: the server, until it is told to stop. */
import { type Config, readConfig, serveFlags } from '../config.js';
import { counted } from '../counted.js';
import type { Engine } from '../engine.js';
import { describeOptions } from '../options.js';
import { drainMs, type RunningServer, serve } from '../serve.js';
import type { Command } from './command.js';
import { complain } from './complain.js';
import { endInOrder } from './orderly-end.js';
import { describePrecision } from './precision-line.js';

/** Milliseconds after which a server that was told to stop is ended anyway. */
const graceMs = drainMs + 5_000;

/** `EX_TEMPFAIL` of sysexits.h: whoever supervises the process should start it again. */
const deviceLostStatus = 75;

export const serveCommand: Command = {
  name: 'serve',
  summary: 'Serve models over an OpenAI-compatible HTTP API',
  help: `Usage: octavo serve [options]

Serves models on http://127.0.0.1:8080: /v1/completions, /v1/chat/completions,
/v1/embeddings, /v1/classify, /v1/moderations, /v1/models, /docs.

${describeOptions(serveFlags)}

Examples:
  octavo serve                                  the embedded model
  octavo serve --model ./my-model --port 9000   a model that "octavo build" wrote
  octavo serve --model ./export:int8            an ONNX export by others, in one of its variants
  octavo serve --model ./chat --model ./embed   several models, chosen by the request
  octavo serve --host 0.0.0.0 --api-keys k1,k2  for other machines, with keys
`,
  run: async (argv, env) => {
    const config = readConfig(argv, env);
    const server = await serve(config);
    const end = endInOrder({
      close: server.close,
      graceMs,
      told: (signal) => complain(describeDrain(signal, server.openRequests())),
    });
    process.stdout.write(describeServer(server, config));
    void server.deviceLost.then((reason) => {
      complain(`${reason}; another process may have it`);
      end(deviceLostStatus);
    });
  },
};

function describeDrain(signal: NodeJS.Signals, requests: number): string {
  const told = `told to stop (${signal})`;
  if (requests === 0) return told;
  return `${told}; waiting for ${counted(requests, 'request')}, ${drainMs / 1000} s at most; once more ends it now`;
}

function describeServer({ url, reach, engines }: RunningServer, config: Config): string {
  return `
  Octavo   ${url}   docs: ${url}/docs${reach === 'all' ? `\n  listens  on every address of this machine (${config.host})` : ''}
  keys     ${describeKeys(config, reach)}
${engines.map(describeEngine).join('\n')}
  safety   ${describeSafety(config)}

`;
}

/** Who may call. */
function describeKeys({ apiKeys }: Config, reach: RunningServer['reach']): string {
  if (apiKeys.length > 0) return counted(apiKeys.length, 'key');
  if (reach === 'loopback') return 'none: open to everybody who reaches it';
  return 'NONE: OPEN TO EVERYBODY WHO REACHES IT, from other machines too; set --api-keys or OCTAVO_API_KEYS';
}

/** What screens whom. */
function describeSafety({ safety, moderator, moderate, safetyPolicy, safetyMode }: Config): string {
  const classifier = moderate === 'off' ? 'moderations alone' : `prompts and outputs (${moderate})`;
  return [
    safety === 'off' ? 'no rules' : `rules: ${safety}`,
    moderator === 'off' ? 'no moderator' : `moderator: ${moderator}, for ${classifier}`,
    ...(safetyPolicy === null ? [] : [`policy: ${safetyPolicy}`]),
    ...(safetyMode === 'async' ? ['async'] : []),
  ].join('; ');
}

function describeEngine(engine: Engine): string {
  const { model } = engine;
  const copies = engine.kind === 'decoder' ? engine.batcher.replicas.length : 1;
  const { id, architecture, contextLength, runtime } = model;
  const remarks = model.remarks.map((remark) => `\n  note     ${remark}`).join('');
  const nodes = runtime.placement === '' ? '' : `\n  graph    ${runtime.placement}`;
  const fallback = runtime.runtimeReason === '' ? '' : ` (${runtime.runtimeReason})`;
  return `  model    ${id} (${architecture}, ${describePrecision(model)}), context ${contextLength} tokens, ${copies > 1 ? `${copies} replicas of ` : ''}${counted(runtime.rows, 'row')}
  runtime  ONNX Runtime ${runtime.version}, ${runtime.runtime}${fallback}
  device   ${describeDevices(runtime.devices)}, ${counted(runtime.threads, 'thread')} (${runtime.providerReason})${nodes}${remarks}`;
}

/** Each with the replicas that it has where they are several: `cuda, cuda:1 (2 replicas)`. */
function describeDevices(devices: readonly string[]): string {
  const counts = [...new Set(devices)].map((name) => [name, devices.filter((other) => other === name).length] as const);
  if (counts.length === 1) return counts[0]![0];
  return counts.map(([name, count]) => (count === 1 ? name : `${name} (${count} replicas)`)).join(', ');
}
