/** What the OpenAPI document tells, beside the schemas themselves. */
import { describe, expect, it } from 'vitest';
import { answerSchemas } from '#octavo/server/components.js';
import { openApiText } from '#octavo/server/openapi.js';
import { answerExamples } from '#octavo/server/schema/answer-examples.js';

interface Schema {
  readonly $ref?: string;
  readonly description?: string;
  readonly examples?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
}

interface Operation {
  readonly security?: readonly object[];
  readonly parameters?: readonly { readonly name: string; readonly description?: string }[];
  readonly requestBody?: { readonly content: { readonly 'application/json': { readonly schema: Schema } } };
  readonly responses: Readonly<Record<string, { readonly content: Record<string, { readonly example?: unknown }> }>>;
}

const document = JSON.parse(await openApiText()) as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
};
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ name: `${method} ${path}`, ...operation })),
);
const bodies = operations.flatMap(({ name, requestBody }) =>
  requestBody ? [{ name, schema: requestBody.content['application/json'].schema }] : [],
);

describe('every request field is described:', () => {
  it.each(bodies)('$name', ({ schema }) => {
    const fields = fieldsOf(schema);
    expect(fields.length).toBeGreaterThan(1);
    expect(fields.filter(({ description }) => !description).map(({ path }) => path)).toEqual([]);
  });

  it('and every parameter of a path', () => {
    for (const { parameters = [] } of operations) {
      for (const { name, description } of parameters) expect([name, description]).toEqual([name, expect.any(String)]);
    }
  });
});

it('shows a lock at every operation but the one that never needs a key', () => {
  const open = operations.filter(({ security }) => security?.length === 0).map(({ name }) => name);
  expect(open).toEqual(['get /health/live']);
});

it.each(Object.entries(answerSchemas))('shows an answer %s as the schema has it', (name, schema) => {
  const example = answerExamples[name];
  expect(schema.parse(example)).toEqual(example);
  expect(document.components.schemas[name]?.examples).toEqual([example]);
});

it('shows at each status an error of its own', () => {
  const { responses } = document.paths['/v1/chat/completions']!.post!;
  expect(responses['401']!.content['application/json']!.example).toMatchObject({
    error: { code: 'invalid_api_key', type: 'authentication_error' },
  });
  expect(responses['504']!.content['application/json']!.example).toMatchObject({
    error: { code: 'deadline_exceeded' },
  });
});

/** Fields within fields too. */
function fieldsOf(schema: Schema, path = ''): { readonly path: string; readonly description: string | undefined }[] {
  const { $ref, properties = {}, items, anyOf = [] } = schema;
  const named = $ref === undefined ? undefined : document.components.schemas[$ref.replace(/^.*\//, '')];
  return [
    ...(named ? fieldsOf(named, path) : []),
    ...Object.entries(properties).flatMap(([name, field]) => [
      { path: `${path}${name}`, description: field.description },
      ...fieldsOf(field, `${path}${name}.`),
    ]),
    ...(items ? fieldsOf(items, path) : []),
    ...anyOf.flatMap((one) => fieldsOf(one, path)),
  ];
}
