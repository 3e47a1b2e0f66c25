import { z } from 'zod';
import { packageVersion } from '../../process/build-id.ts';
import { createOpenApi } from '../openapi/document.ts';
import { defineRoute, type Route } from '../route.ts';

/**
 * `GET /openapi.json`: the OpenAPI document of the API, created once at startup.
 *
 * @param others all other routes.
 * @returns the route, and the text of the document.
 */
export function openApiDocument(others: readonly Route[]): { route: Route; text: string } {
  const route: Route = defineRoute({
    method: 'GET',
    url: '/openapi.json',
    auth: 'none',
    audit: { none: 'no patient data' },
    doc: {
      operationId: 'openApi',
      tag: 'Operation',
      summary: 'This document',
      responses: {
        200: {
          description: 'OpenAPI 3.1, generated from the schemas that validate the requests.',
          schema: z.looseObject({ openapi: z.string().meta({ example: '3.1.1' }) }),
        },
      },
    },
    handle: async ({ reply }) =>
      reply
        .header('content-type', 'application/json; charset=utf-8')
        .header('cache-control', 'no-cache')
        .send(text),
  });
  const text = JSON.stringify(createOpenApi([...others, route], packageVersion()));
  return { route, text };
}
