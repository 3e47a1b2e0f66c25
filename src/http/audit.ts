import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AuditEntry } from '../audit/record-audit.ts';
import type { Log } from '../log.ts';
import { isUuid } from '../orders/read-order.ts';
import { codeOf } from '../safe-error.ts';
import { AuditUnavailableError } from './errors.ts';
import type { AuditAction, Route } from './route.ts';

/** What the refusals that are recorded are called. Other ones never came near patient data. */
const REFUSALS: Readonly<Record<number, string>> = {
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  409: 'CONFLICT',
};

/**
 * Makes the hook that records a request before its answer goes out, so that no read goes unrecorded. What
 * was stored is told as stored, also when it cannot be recorded: the order's timeline has it, and a
 * caller who was told to come back might place an order twice.
 *
 * @throws {AuditUnavailableError} a read, or a refusal, cannot be recorded (503).
 */
export function auditRequest(
  route: Pick<Route, 'auth'>,
  audit: AuditAction,
  record: (entry: AuditEntry) => Promise<void>,
  log: Log,
): (request: FastifyRequest, reply: FastifyReply, payload: unknown) => Promise<unknown> {
  return async (request, reply, payload) => {
    const { statusCode: status } = reply;
    const result = status < 400 ? 'OK' : REFUSALS[status];
    const actor = actorOf(request, route.auth === 'none' && status < 400);
    if (result === undefined || actor === undefined) return payload;
    try {
      await record({
        ...actor,
        ...subjectOf(request, status < 400),
        action: typeof audit === 'string' ? audit : audit(request.body),
        source: request.ip,
        requestId: request.id,
        result,
      });
    } catch (error) {
      if (request.method === 'GET' || status >= 400) throw new AuditUnavailableError();
      log.error('not in the audit log', { requestId: request.id, code: codeOf(error) });
    }
    return payload;
  };
}

function actorOf(
  request: FastifyRequest,
  byLink: boolean,
): Pick<AuditEntry, 'actorKind' | 'actor' | 'organizationId'> | undefined {
  const { caller } = request;
  if (caller !== null) {
    return { actorKind: 'key', actor: caller.keyId, organizationId: caller.organizationId };
  }
  // Without a key, only a signed link opens patient data; its refusals are nobody's.
  return byLink ? { actorKind: 'system', actor: 'signed-link' } : undefined;
}

/** What a caller names and is not there may be any text: only ids of our form are kept of it. */
function subjectOf(request: FastifyRequest, served: boolean): Partial<AuditEntry> {
  const { caseId, orderId } = {
    ...fieldsOf(request.body),
    ...fieldsOf(request.query),
    ...fieldsOf(request.params),
  };
  const order = request.orderId ?? orderId;
  return {
    ...(typeof caseId === 'string' && (served || isUuid(caseId)) ? { caseId } : {}),
    ...(typeof order === 'string' && isUuid(order) ? { orderId: order } : {}),
  };
}

function fieldsOf(value: unknown): { caseId?: unknown; orderId?: unknown } {
  return typeof value === 'object' && value !== null ? value : {};
}
