import { z } from 'zod';
import {
  createDocument,
  type ZodOpenApiOperationObject,
  type ZodOpenApiPathsObject,
} from 'zod-openapi';
import type { ResponseDoc, Route } from '../route.ts';
import { adjustSchema, allowAbsence } from './adjust-schemas.ts';
import { responsesOf } from './responses.ts';
import { WEBHOOKS } from './webhooks.ts';

/** The groups of routes. */
const TAGS = [
  { name: 'Orders', description: 'Prescription orders of patient cases.' },
  { name: 'Cases', description: 'Patient cases. Each order belongs to one.' },
  { name: 'Documents', description: 'Prescription documents of completed orders.' },
  {
    name: 'Pharmacies',
    description:
      'Where orders can be placed, and the webhooks that pharmacies send to this server.',
  },
  {
    name: 'Notifications',
    description: 'Events of orders, and the webhook endpoints that receive them.',
  },
  { name: 'Operation', description: 'For load balancers and operators.' },
];

/** An OpenAPI 3.1 document, ready to be serialized as JSON. */
export type OpenApiDocument = ReturnType<typeof createDocument>;

/**
 * Creates the OpenAPI 3.1 document of the routes from the schemas that validate their requests.
 *
 * @param version the API's version, as in package.json.
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
          'Accepts prescription orders for patient cases and carries each one to its end. Every response ' +
          'uses the envelope `{status, success, message, data}`, or `{status, success, message, ' +
          'error}` for an error. The server ignores unknown fields, and treats an optional field that is `null` or blank as absent.',
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
            description: 'An API key of an organization. Its scopes limit what it may do.',
          },
        },
      },
    },
    { override: ({ jsonSchema, zodSchema, io }) => adjustSchema(jsonSchema, zodSchema, io) },
  );
  allowAbsence(document);
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

/** The object schema inside a preprocessed schema of `contract/fields.ts`. */
function objectOf(schema: z.ZodType): z.ZodObject {
  if (schema instanceof z.ZodObject) return schema;
  if (schema instanceof z.ZodPipe && schema.out instanceof z.ZodObject) return schema.out;
  throw new Error('route parameters must be an object schema');
}
