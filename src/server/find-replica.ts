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
  const message = `The model '${id.slice(0, 128)}' does not exist; this server has ${served}.`;
  throw new OctavoError('model_not_found', message, 'model');
}

/** A request that names no model gets the first that generates. Throws `model_not_found`, or `invalid_value` for another kind. */
export function findGenerator(models: readonly Replica[], id: string | undefined): GeneratingReplica {
  const replica = choose(models, id, 'generate');
  if (replica.kind === 'decoder') return replica;
  throw wrongTask(replica, 'generate');
}

/** The same for a model that embeds, or classifies. */
export function findEncoder(
  models: readonly Replica[],
  id: string | undefined,
  task: EncodingReplica['model']['head']['task'],
): EncodingReplica {
  const replica = choose(models, id, task);
  if (replica.kind === 'encoder' && replica.model.head.task === task) return replica;
  throw wrongTask(replica, task);
}

function choose(models: readonly Replica[], id: string | undefined, task: ServedTask): Replica {
  if (id !== undefined) return findReplica(models, id);
  const chosen = models.find((replica) => taskOf(replica) === task) ?? models[0];
  if (chosen) return chosen;
  throw new OctavoError('model_not_found', 'This server has no model.', 'model');
}

function wrongTask(replica: Replica, wanted: ServedTask): OctavoError {
  const { verb, paths } = uses[taskOf(replica)];
  const message = `The model '${replica.model.id}' cannot ${uses[wanted].verb}: it can ${verb}, by ${paths}.`;
  return new OctavoError('invalid_value', message, 'model');
}
