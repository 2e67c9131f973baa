/** Finds the model of a request, and refuses what that model cannot do. */
import { OctavoError } from '../errors.js';
import type { Task } from '../models/manifest.js';
import type { EncodingReplica, GeneratingReplica, Replica } from './dependencies.js';

/** What a model of each task does, and where. */
const uses: Readonly<Record<Exclude<Task, 'tag'>, { readonly verb: string; readonly paths: string }>> = {
  generate: { verb: 'generate text', paths: '/v1/completions or /v1/chat/completions' },
  embed: { verb: 'embed texts', paths: '/v1/embeddings' },
  classify: { verb: 'classify texts', paths: '/v1/classify' },
};

type ServedTask = keyof typeof uses;

export function taskOf(replica: Replica): ServedTask {
  return replica.kind === 'decoder' ? 'generate' : replica.model.head.task;
}

/** Throws `model_not_found`. */
export function findReplica(models: readonly Replica[], id: string): Replica {
  const replica = models.find(({ model }) => model.id === id);
  if (replica) return replica;
  const served = models.map(({ model }) => `'${model.id}'`).join(', ');
  const message =
    id === ''
      ? `The id of a model is missing: this server has ${served}; GET /v1/models lists them.`
      : `The model '${id.slice(0, 128)}' does not exist; this server has ${served}.`;
  throw new OctavoError('model_not_found', message, 'model');
}

/** A request that names no model gets the first that generates. Throws `model_not_found`, or `invalid_value` where none does. */
export function findGenerator(models: readonly Replica[], id: string | undefined): GeneratingReplica {
  return find(models, id, { task: 'generate', fits: isGenerator });
}

function isGenerator(replica: Replica): replica is GeneratingReplica {
  return replica.kind === 'decoder';
}

/** The same for a model that embeds, or classifies. */
export function findEncoder(
  models: readonly Replica[],
  id: string | undefined,
  task: EncodingReplica['model']['head']['task'],
): EncodingReplica {
  const fits = (replica: Replica): replica is EncodingReplica =>
    replica.kind === 'encoder' && replica.model.head.task === task;
  return find(models, id, { task, fits });
}

interface Wanted<R extends Replica> {
  readonly task: ServedTask;
  readonly fits: (replica: Replica) => replica is R;
}

function find<R extends Replica>(models: readonly Replica[], id: string | undefined, { task, fits }: Wanted<R>): R {
  const able = models.find(fits);
  const named = id === undefined ? able : findReplica(models, id);
  if (named !== undefined && fits(named)) return named;
  throw new OctavoError('invalid_value', describeMismatch(models, task, { named, able }), 'model');
}

/** What the model that was named does, and who else would do; or what all of them do, where none was named and none would. */
function describeMismatch(
  models: readonly Replica[],
  task: ServedTask,
  { named, able }: { readonly named: Replica | undefined; readonly able: Replica | undefined },
): string {
  const { verb } = uses[task];
  if (named === undefined) {
    const others = models.map((one) => `'${one.model.id}' ${describeUse(one)}`).join('; ');
    return `No model of this server can ${verb}: ${others}.`;
  }
  const other = able ? `'${able.model.id}'` : 'no model of this server';
  return `The model '${named.model.id}' cannot ${verb}: it ${describeUse(named)}; ${other} can.`;
}

/** `can generate text, by /v1/completions or /v1/chat/completions` */
function describeUse(replica: Replica): string {
  const { verb, paths } = uses[taskOf(replica)];
  return `can ${verb}, by ${paths}`;
}
