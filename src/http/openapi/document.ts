import { readFileSync } from 'node:fs';
import { z } from 'zod';
import {
  createDocument,
  type ZodOpenApiOperationObject,
  type ZodOpenApiPathsObject,
} from 'zod-openapi';
import type { ResponseDoc, Route } from '../route.ts';
import { adjustSchema, allowNulls } from './adjust-schemas.ts';
import { responsesOf } from './responses.ts';
import { WEBHOOKS } from './webhooks.ts';

/** The groups of routes. */
const TAGS = [
  { name: 'Orders', description: 'Prescription orders of patient cases.' },
  { name: 'Cases', description: 'Patient cases, which orders are placed for.' },
  { name: 'Documents', description: 'Prescription documents of completed orders.' },
  { name: 'Pharmacies', description: 'What pharmacies tell us.' },
  { name: 'Notifications', description: 'What we tell the organization, and where.' },
  { name: 'Operation', description: 'For load balancers and operators.' },
];

/** What {@link createOpenApi} gives: an OpenAPI 3.1 document, ready to be written as JSON. */
export type OpenApiDocument = ReturnType<typeof createDocument>;

/**
 * Makes the OpenAPI 3.1 document of the routes, from the schemas that check their requests.
 *
 * @param version of the API, as in package.json.
 */
export function createOpenApi(routes: readonly Route[], version: string): OpenApiDocument {
  const paths: ZodOpenApiPathsObject = {};
  for (const route of routes.filter(({ doc }) => doc.listed !== false)) {
    const path = route.url.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route) };
  }
  const document = createDocument(
    {
      openapi: '3.1.1',
      info: {
        title: 'rx-orders',
        version,
        description:
          'Takes prescription orders for patient cases and carries each to its end. Every answer ' +
          'uses the envelope `{status, success, message, data}`, or `{status, success, message, ' +
          'error}` for an error. Unknown fields are ignored; an optional field that is `null` counts as absent.',
        license: { name: 'MIT', identifier: 'MIT' },
      },
      servers: [{ url: '/', description: 'This server.' }],
      tags: TAGS,
      paths,
      webhooks: WEBHOOKS,
      components: {
        securitySchemes: {
          apiKey: {
            type: 'apiKey',
            in: 'header',
            name: 'cv-api-key',
            description: 'The key of an organization; its scopes say what it may do.',
          },
        },
      },
    },
    { override: ({ jsonSchema, zodSchema, io }) => adjustSchema(jsonSchema, zodSchema, io) },
  );
  allowNulls(document);
  return document;
}

function operationOf(route: Route): ZodOpenApiOperationObject {
  const { doc, auth, body } = route;
  return {
    operationId: doc.operationId,
    tags: [doc.tag],
    summary: doc.summary,
    description: [doc.description, auth === 'none' ? undefined : `Scope: \`${auth}\`.`]
      .filter(Boolean)
      .join('\n\n'),
    security: auth === 'none' ? [] : [{ apiKey: [] }],
    requestParams: {
      ...(route.params === undefined ? {} : { path: objectOf(route.params) }),
      ...(route.query === undefined ? {} : { query: objectOf(route.query) }),
      ...(doc.headers === undefined ? {} : { header: doc.headers }),
    },
    ...(typeof body === 'object'
      ? {
          requestBody: {
            required: true,
            content: { 'application/json': { schema: body.schema, ...examplesOf(body) } },
          },
        }
      : {}),
    responses: Object.fromEntries(
      Object.entries(responsesOf(route)).map(([status, answer]) => [status, responseOf(answer)]),
    ),
  };
}

function responseOf(answer: ResponseDoc) {
  const { description, schema, contentType, headers } = answer;
  const content =
    contentType !== undefined
      ? { [contentType]: { schema: schema ?? z.file() } }
      : schema !== undefined
        ? { 'application/json': { schema, ...examplesOf(answer) } }
        : undefined;
  return {
    description,
    ...(headers === undefined ? {} : { headers }),
    ...(content === undefined ? {} : { content }),
  };
}

function examplesOf({ examples }: Pick<ResponseDoc, 'examples'>) {
  return examples === undefined ? {} : { examples };
}

/** Schemas of `fields.ts` are preprocessed objects: what stands in the document is the object. */
function objectOf(schema: z.ZodType): z.ZodObject {
  if (schema instanceof z.ZodObject) return schema;
  if (schema instanceof z.ZodPipe && schema.out instanceof z.ZodObject) return schema.out;
  throw new Error('parameters are an object of schemas');
}

/** The version of package.json, which stands beside `src` and, in the image, beside `dist`. */
export function packageVersion(): string {
  for (const place of ['../../../package.json', '../../../../package.json']) {
    try {
      const file = JSON.parse(readFileSync(new URL(place, import.meta.url), 'utf8')) as {
        version: string;
      };
      return file.version;
    } catch {
      // Not here.
    }
  }
  return '0.0.0';
}
