/** The table of routes. */
import type { FastifyInstance, HTTPMethods, RouteOptions } from 'fastify';
import { z } from 'zod';
import { OctavoError } from '../errors.js';
import { checkOpen, checkReady } from './availability.js';
import type { chatEndpoint } from './chat.js';
import type { classifyEndpoint } from './classify.js';
import type { completionEndpoint } from './completions.js';
import { describeAnswer, describeOperation } from './components.js';
import type { ServerDependencies } from './dependencies.js';
import type { embeddingEndpoint } from './embeddings.js';
import { createEncodeHandler } from './encode-endpoint.js';
import { findReplica } from './find-replica.js';
import { describeModel } from './models.js';
import { createModerationHandler } from './moderations.js';
import * as answer from './schema/answer-schema.js';
import { moderationAnswerSchema, type moderationSchema } from './schema/moderation-schema.js';
import { createTextHandler } from './text-endpoint.js';

export interface Endpoints {
  readonly completion: ReturnType<typeof completionEndpoint>;
  readonly chat: ReturnType<typeof chatEndpoint>;
  readonly embedding: ReturnType<typeof embeddingEndpoint>;
  readonly classification: ReturnType<typeof classifyEndpoint>;
  readonly moderation: { readonly schema: ReturnType<typeof moderationSchema> };
}

/** The one route that needs neither a key nor a known host name: it says only that the process turns. */
export const openRoute = '/health/live';

/** What the guards in front of every other route answer. */
const guardErrors = [401, 403];
const modelErrors = [400, ...guardErrors, 404, 413, 415, 429, 503, 504];
const allMethods: readonly HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

export function addGenerationRoutes(
  app: FastifyInstance,
  endpoints: Endpoints,
  dependencies: ServerDependencies,
): void {
  const { completion, chat } = endpoints;
  app.post('/v1/completions', {
    schema: describeOperation(
      { id: 'createCompletion', tag: 'Generation', summary: 'Continue a text', errors: modelErrors },
      {
        body: completion.schema,
        response: {
          200: describeAnswer('The completion, or with `stream` its chunks as server-sent events', {
            'application/json': answer.completionAnswerSchema,
            'text/event-stream': answer.completionChunkSchema,
          }),
        },
      },
    ),
    handler: createTextHandler(completion, dependencies),
  });
  app.post('/v1/chat/completions', {
    schema: describeOperation(
      { id: 'createChatCompletion', tag: 'Generation', summary: 'Answer a conversation', errors: modelErrors },
      {
        body: chat.schema,
        response: {
          200: describeAnswer('The answer, or with `stream` its chunks as server-sent events', {
            'application/json': answer.chatAnswerSchema,
            'text/event-stream': answer.chatChunkSchema,
          }),
        },
      },
    ),
    handler: createTextHandler(chat, dependencies),
  });
}

export function addEncoderRoutes(
  app: FastifyInstance,
  { embedding, classification }: Endpoints,
  dependencies: ServerDependencies,
): void {
  app.post('/v1/embeddings', {
    schema: describeOperation(
      { id: 'createEmbedding', tag: 'Embeddings', summary: 'Embed texts as vectors', errors: modelErrors },
      {
        body: embedding.schema,
        response: {
          200: describeAnswer('One vector for each text', { 'application/json': answer.embeddingListSchema }),
        },
      },
    ),
    handler: createEncodeHandler(embedding, dependencies),
  });
  app.post('/v1/classify', {
    schema: describeOperation(
      { id: 'classify', tag: 'Classification', summary: 'Label texts', errors: modelErrors },
      {
        body: classification.schema,
        response: {
          200: describeAnswer('The scores of each text', { 'application/json': answer.classificationListSchema }),
        },
      },
    ),
    handler: createEncodeHandler(classification, dependencies),
  });
}

export function addModerationRoute(
  app: FastifyInstance,
  { moderation }: Endpoints,
  dependencies: ServerDependencies,
): void {
  app.post('/v1/moderations', {
    schema: describeOperation(
      { id: 'createModeration', tag: 'Moderations', summary: 'Judge texts', errors: modelErrors },
      {
        body: moderation.schema,
        response: {
          200: describeAnswer('The scores of each text', { 'application/json': moderationAnswerSchema }),
        },
      },
    ),
    handler: createModerationHandler(dependencies, moderation.schema),
  });
}

export function addModelRoutes(app: FastifyInstance, { models }: ServerDependencies): void {
  app.get('/v1/models', {
    schema: describeOperation(
      { id: 'listModels', tag: 'Models', summary: 'The models of this server', errors: guardErrors },
      { response: { 200: describeAnswer('All models', { 'application/json': answer.modelListSchema }) } },
    ),
    handler: async () => ({ object: 'list', data: models.map(describeModel) }),
  });
  app.get<{ Params: { model: string } }>('/v1/models/:model', {
    schema: describeOperation(
      { id: 'getModel', tag: 'Models', summary: 'One model', errors: [...guardErrors, 404] },
      {
        params: z.object({ model: z.string().describe('Its id, as the list of models has it.') }),
        response: { 200: describeAnswer('The model', { 'application/json': answer.modelSchema }) },
      },
    ),
    handler: async (request) => describeModel(findReplica(models, request.params.model)),
  });
}

export function addOperationRoutes(app: FastifyInstance, dependencies: ServerDependencies): void {
  const { metrics } = dependencies;
  app.get(openRoute, {
    schema: describeOperation(
      { id: 'isLive', tag: 'Operations', summary: 'The process turns; needs no key', errors: [], open: true },
      { response: { 200: describeAnswer('Live', { 'application/json': answer.healthSchema }) } },
    ),
    handler: async () => ({ status: 'live' }),
  });
  app.get('/health/ready', {
    schema: describeOperation(
      { id: 'isReady', tag: 'Operations', summary: 'The engine answers', errors: [...guardErrors, 503] },
      { response: { 200: describeAnswer('Ready', { 'application/json': answer.readySchema }) } },
    ),
    handler: async () => {
      checkOpen(dependencies);
      checkReady(dependencies, null);
      return { status: 'ready', replicas: dependencies.replicaHealth() };
    },
  });
  app.get('/metrics', {
    schema: describeOperation(
      { id: 'getMetrics', tag: 'Operations', summary: 'Metrics in the text format of Prometheus', errors: guardErrors },
      { response: { 200: describeAnswer('Metrics', { 'text/plain': z.string() }) } },
    ),
    handler: async (_request, reply) => reply.type(metrics.registry.contentType).send(await metrics.registry.metrics()),
  });
}

/** Answers the methods that `routes` do not have with 405 and the list of those they have. */
export function refuseOtherMethods(app: FastifyInstance, routes: readonly RouteOptions[]): void {
  const methods = new Map<string, HTTPMethods[]>();
  for (const { url, method } of routes) methods.set(url, [...(methods.get(url) ?? []), ...[method].flat()]);
  for (const [url, allowed] of methods) {
    const allow = allowed.join(', ');
    app.route({
      url,
      method: allMethods.filter((method) => !allowed.includes(method)),
      schema: { hide: true } as object,
      // Before the body is read.
      onRequest: async (request, reply) => {
        reply.header('allow', allow);
        throw new OctavoError('method_not_allowed', `${request.method} is not allowed here; allowed are ${allow}.`);
      },
      handler: async () => {},
    });
  }
}
