import { z } from 'zod';
import { success, successBody } from '../../contract/envelope.ts';
import { defineRoute, type Route } from '../route.ts';

/** `GET /healthz`: the process answers. */
export function health(): Route {
  return defineRoute({
    method: 'GET',
    url: '/healthz',
    auth: 'none',
    audit: { none: 'no patient data' },
    doc: {
      operationId: 'health',
      tag: 'Operation',
      summary: 'Whether the process answers',
      answers: { 200: { description: 'It does.', schema: successBody(z.object({})) } },
    },
    handle: async () => success('OK', {}),
  });
}
