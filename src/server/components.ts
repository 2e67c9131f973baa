/** The named schemas of the OpenAPI document. */
import type { SwaggerTransform, SwaggerTransformObject } from '@fastify/swagger';
import type { FastifySchema } from 'fastify';
import { createJsonSchemaTransform, createJsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { type ErrorCode, errorTable } from '../errors.js';
import { answerExamples } from './schema/answer-examples.js';
import * as answer from './schema/answer-schema.js';
import { dropSafeBounds, type JsonNumber } from './schema/bounded.js';
import { moderationAnswerSchema } from './schema/moderation-schema.js';

interface SchemaName {
  readonly id: string;
}

/** How routes become the OpenAPI document. */
export interface Components {
  readonly transform: SwaggerTransform;
  readonly transformObject: SwaggerTransformObject;
}

/** What the server answers with, by the names in the document. */
export const answerSchemas = {
  Completion: answer.completionAnswerSchema,
  CompletionChunk: answer.completionChunkSchema,
  ChatCompletion: answer.chatAnswerSchema,
  ChatCompletionChunk: answer.chatChunkSchema,
  EmbeddingList: answer.embeddingListSchema,
  ClassificationList: answer.classificationListSchema,
  Moderation: moderationAnswerSchema,
  Model: answer.modelSchema,
  ModelList: answer.modelListSchema,
  Health: answer.healthSchema,
  Readiness: answer.readySchema,
} as const satisfies Readonly<Record<string, z.ZodType>>;

/** The registry holds one server's schemas: request schemas depend on its limits. */
export function createComponents(requests: Readonly<Record<string, z.ZodType>>): Components {
  const registry = z.registry<SchemaName & Record<string, unknown>>();
  const named: Readonly<Record<string, z.ZodType>> = {
    ...requests,
    ...answerSchemas,
    Error: answer.errorSchema,
  };
  for (const [id, schema] of Object.entries(named)) {
    const example = answerExamples[id];
    registry.add(schema, example === undefined ? { id } : { id, examples: [example] });
  }
  const settings = { schemaRegistry: registry, zodToJsonConfig: { override: describeSchema } };
  const transformAll = createJsonSchemaTransformObject(settings);
  return {
    transform: createJsonSchemaTransform(settings),
    transformObject: (document) => addErrorExamples(dropUnused(transformAll(document))),
  };
}

/** What `describe` and `meta` say is in zod's global registry, which a registry of our own hides. */
function describeSchema({ zodSchema, jsonSchema }: { zodSchema: z.core.$ZodType; jsonSchema: JsonNumber }): void {
  Object.assign(jsonSchema, z.globalRegistry.get(zodSchema));
  dropSafeBounds(jsonSchema);
}

/** Every schema is written twice, as input and as output; those that no operation names are left out. */
function dropUnused<T>(document: T): T {
  const { components, ...rest } = document as { components?: { schemas?: Record<string, unknown> } };
  const schemas = components?.schemas ?? {};
  const used = new Set<string>();
  const visit = (value: unknown) => {
    for (const [, name] of JSON.stringify(value).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      if (name === undefined || used.has(name)) continue;
      used.add(name);
      visit(schemas[name]);
    }
  };
  visit(rest);
  const kept = Object.fromEntries(Object.entries(schemas).filter(([name]) => used.has(name)));
  return { ...rest, components: { ...components, schemas: kept } } as T;
}

interface ErrorResponse {
  readonly content?: { 'application/json'?: { example?: unknown } };
}

/** Each status shows an error of its own. */
function addErrorExamples<T>(document: T): T {
  const { paths = {} } = document as {
    paths?: Record<string, Record<string, { responses?: Record<string, ErrorResponse> }>>;
  };
  for (const { responses = {} } of Object.values(paths).flatMap((methods) => Object.values(methods))) {
    for (const [status, { content }] of Object.entries(responses)) {
      const [code, message] = errorKinds[Number(status)] ?? [];
      if (code === undefined || content?.['application/json'] === undefined) continue;
      const { type } = errorTable[code];
      const param = code === 'invalid_value' || code === 'model_not_found' ? 'model' : null;
      content['application/json'].example = { error: { message: `${message}.`, type, param, code } };
    }
  }
  return document;
}

interface Operation {
  readonly id: string;
  readonly tag: 'Generation' | 'Embeddings' | 'Classification' | 'Moderations' | 'Models' | 'Operations';
  readonly summary: string;
  /** Statuses of its errors. */
  readonly errors: readonly number[];
  /** It never needs a key. */
  readonly open?: boolean;
}

/** By status: the code that is met most, and what any of them means. */
const errorKinds: Readonly<Record<number, readonly [code: ErrorCode, meaning: string]>> = {
  400: ['invalid_value', 'The request is wrong; `param` names the field'],
  401: ['invalid_api_key', 'An API key is missing or unknown'],
  403: ['forbidden', 'The host name or origin is not allowed'],
  404: ['model_not_found', 'There is no such model'],
  413: ['body_too_large', 'The body is too large'],
  415: ['unsupported_content_type', 'The content type is not application/json'],
  429: ['queue_full', 'The queue is full; see Retry-After'],
  503: ['not_ready', 'The server is not ready, or is shutting down'],
  504: ['deadline_exceeded', 'The answer was not complete in time'],
};

/** The documented schema of a route: nothing in it is used to validate or to serialize. */
export function describeOperation(
  operation: Operation,
  parts: FastifySchema & { readonly response: object },
): FastifySchema {
  const errors = operation.errors.map((status) => [
    status,
    { description: errorKinds[status]?.[1] ?? '', content: { 'application/json': { schema: answer.errorSchema } } },
  ]);
  return {
    ...parts,
    operationId: operation.id,
    tags: [operation.tag],
    summary: operation.summary,
    ...(operation.open && { security: [] }),
    response: { ...parts.response, ...Object.fromEntries(errors) },
  };
}

/** A documented answer of one or more content types. */
export function describeAnswer(description: string, contents: Readonly<Record<string, z.ZodType>>): object {
  const content = Object.entries(contents).map(([type, schema]) => [type, { schema }]);
  return { description, content: Object.fromEntries(content) };
}
