/** What the HTTP layer is given: the models, the safety filter, and the operator's settings. */
import type { FastifyBaseLogger } from 'fastify';
import type { EncodeQueue } from '../batcher/encoding.js';
import type { Generator } from '../batcher/generation.js';
import type { ServedEncoder, ServedModel } from '../models/served-model.js';
import type { Safety } from '../safety/safety.js';
import type { ServerLimits } from './limits.js';
import type { Metrics } from './metrics.js';

/** A model that generates text. */
export interface GeneratingReplica {
  readonly kind: 'decoder';
  readonly model: ServedModel;
  readonly generator: Generator;
}

/** A model that gives a row of numbers for a text. */
export interface EncodingReplica {
  readonly kind: 'encoder';
  readonly model: ServedEncoder;
  readonly encoder: EncodeQueue;
}

export type Replica = GeneratingReplica | EncodingReplica;

/** One replica of a model, counted from 0. */
export interface ReplicaHealth {
  readonly model: string;
  readonly replica: number;
  /** As `webgpu` or `cuda:1`. */
  readonly device: string;
  readonly ready: boolean;
}

/** A classifier that values texts, and the label that it does so by. */
export interface ValueModel {
  readonly replica: EncodingReplica;
  readonly label: number;
  /** The label with the lowest score is the best. */
  readonly leastFirst: boolean;
}

export interface ServerDependencies {
  /** The first that can do what is asked answers requests that name no model. */
  readonly models: readonly Replica[];
  readonly safety: Safety;
  readonly limits: ServerLimits;
  /** What happens to parameters that nobody knows: 400, or a response header that lists them. */
  readonly unknownParams: 'refuse' | 'ignore';
  /** Empty: the server is open. */
  readonly apiKeys: readonly string[];
  /** Host names under which the server may be called (a guard against DNS rebinding); `null`: any. */
  readonly allowedHosts: readonly string[] | null;
  readonly logPrompts: boolean;
  /** Answers tell what the safety filter thought, also where the request does not ask. */
  readonly contentFilterResults: boolean;
  /** Ranks the candidates of `best_of`; `null`: their probability does. */
  readonly valueModel: ValueModel | null;
  /** Answers carry queue, prefill and decode milliseconds. */
  readonly timings: boolean;
  readonly logger: FastifyBaseLogger | false;
  readonly metrics: Metrics;
  /** The health of one model's engine, or with `null` of all; `reason` is shown to callers. */
  readonly ready: (model: string | null) => { readonly ready: boolean; readonly reason: string };
  readonly replicaHealth: () => readonly ReplicaHealth[];
  /** The server is shutting down: new generations are refused. */
  readonly draining: () => boolean;
}
