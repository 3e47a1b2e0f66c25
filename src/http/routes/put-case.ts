import { z } from 'zod';
import { caseId, parsePutCase, putCaseRequest } from '../../contract/case.ts';
import { success, successBody } from '../../contract/envelope.ts';
import { timestamp } from '../../contract/order.ts';
import { auditSourceOf } from '../audit.ts';
import { PUT_CASE_EXAMPLE } from '../openapi/examples.ts';
import { defineRoute, type Route, type RouteDependencies } from '../route.ts';

const params = z.object({ caseId: caseId() });
const storedCase = z.object({
  case: z.object({ id: z.string(), createdAt: timestamp, updatedAt: timestamp }),
});

/** `PUT /api/v1/cases/:caseId`: creates a case or replaces its patient. */
export function putCase({ cases }: RouteDependencies): Route {
  return defineRoute({
    method: 'PUT',
    url: '/api/v1/cases/:caseId',
    auth: 'cases:write',
    audit: 'CASE_PUT',
    // Only this route creates a case id, so only this route validates its format.
    params,
    body: {
      parse: parsePutCase,
      schema: putCaseRequest,
      examples: { case: { summary: 'A patient with an address', value: PUT_CASE_EXAMPLE } },
    },
    doc: {
      operationId: 'putCase',
      tag: 'Cases',
      summary: 'Create or replace a case',
      description: 'Orders that are already accepted keep their shipping address.',
      responses: {
        200: { description: 'The case is replaced.', schema: successBody(storedCase) },
        201: { description: 'The case is created.', schema: successBody(storedCase, 201) },
      },
    },
    async handle({ params: { caseId: id }, body, organizationId, request, reply }) {
      const key = { organizationId, caseId: id };
      const stored = await cases.put(key, body.patient, auditSourceOf(request));
      request.audit = 'recorded';
      const status = stored.created ? 201 : 200;
      const data = {
        case: {
          id,
          createdAt: stored.createdAt.toISOString(),
          updatedAt: stored.updatedAt.toISOString(),
        },
      };
      return reply
        .code(status)
        .send(success(stored.created ? 'Case created' : 'Case replaced', data, status));
    },
  });
}
