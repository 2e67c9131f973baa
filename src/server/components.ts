/** The named schemas of the OpenAPI document. */
import type { SwaggerTransform, SwaggerTransformObject } from '@fastify/swagger';
import type { FastifySchema } from 'fastify';
import { createJsonSchemaTransform, createJsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { z } from 'zod';
import * as answer from './schema/answer-schema.js';
import { moderationAnswerSchema } from './schema/moderation-schema.js';

interface SchemaName {
  readonly id: string;
}

/** How routes become the OpenAPI document. */
export interface Components {
  readonly transform: SwaggerTransform;
  readonly transformObject: SwaggerTransformObject;
}

/** The registry holds one server's schemas: request schemas depend on its limits. */
export function createComponents(requests: Readonly<Record<string, z.ZodType>>): Components {
  const registry = z.registry<SchemaName & Record<string, unknown>>();
  const named: Readonly<Record<string, z.ZodType>> = {
    ...requests,
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
    Error: answer.errorSchema,
  };
  for (const [id, schema] of Object.entries(named)) registry.add(schema, { id });
  const settings = { schemaRegistry: registry, zodToJsonConfig: { override: addMeta } };
  const transformAll = createJsonSchemaTransformObject(settings);
  return {
    transform: createJsonSchemaTransform(settings),
    transformObject: (document) => dropUnused(transformAll(document)),
  };
}

/** What `describe` and `meta` say is in zod's global registry, which a registry of our own hides. */
function addMeta({ zodSchema, jsonSchema }: { zodSchema: z.core.$ZodType; jsonSchema: object }): void {
  Object.assign(jsonSchema, z.globalRegistry.get(zodSchema));
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

interface Operation {
  readonly id: string;
  readonly tag: 'Generation' | 'Embeddings' | 'Classification' | 'Moderations' | 'Models' | 'Operations';
  readonly summary: string;
  /** Statuses of its errors. */
  readonly errors: readonly number[];
}

const errorMeanings: Readonly<Record<number, string>> = {
  400: 'The request is wrong; `param` names the field',
  401: 'An API key is missing or unknown',
  403: 'The host name or origin is not allowed',
  404: 'There is no such model',
  413: 'The body is too large',
  415: 'The content type is not application/json',
  429: 'The queue is full; see Retry-After',
  503: 'The server is not ready, or is shutting down',
  504: 'The answer was not complete in time',
};

/** The documented schema of a route: nothing in it is used to validate or to serialize. */
export function describeOperation(
  operation: Operation,
  parts: FastifySchema & { readonly response: object },
): FastifySchema {
  const errors = operation.errors.map((status) => [
    status,
    { description: errorMeanings[status] ?? '', content: { 'application/json': { schema: answer.errorSchema } } },
  ]);
  return {
    ...parts,
    operationId: operation.id,
    tags: [operation.tag],
    summary: operation.summary,
    response: { ...parts.response, ...Object.fromEntries(errors) },
  };
}

/** A documented answer of one or more content types. */
export function describeAnswer(description: string, contents: Readonly<Record<string, z.ZodType>>): object {
  const content = Object.entries(contents).map(([type, schema]) => [type, { schema }]);
  return { description, content: Object.fromEntries(content) };
}
