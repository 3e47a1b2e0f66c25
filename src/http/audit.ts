import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AuditEntry, AuditSource } from '../audit/record-audit.ts';
import { failure } from '../contract/envelope.ts';
import { codeOf } from '../lib/safe-error.ts';
import { isUuid } from '../lib/uuid.ts';
import type { Log } from '../process/log.ts';
import {
  AuditUnavailableError,
  RETRY_AFTER_SECONDS,
  UnauthorizedError,
} from './errors/http-errors.ts';
import type { AuditAction, Route } from './route.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /**
     * What the answer's status does not tell the audit log: `recorded`, the row is in the transaction
     * of what was stored; `failed`, it failed though Postgres serves.
     */
    audit: 'recorded' | 'failed' | null;
  }
}

/** What the refusals that are recorded are called. Other ones never came near patient data. */
const REFUSALS: Readonly<Record<number, string>> = {
  400: 'INVALID',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  409: 'CONFLICT',
  500: 'FAILED',
};

/** Refusals that tell something of what is stored. */
const TELLING: readonly number[] = [403, 404, 409];

/** Who sends a request on a route that needs a key, for what is recorded where it is stored. */
export function auditSourceOf(request: FastifyRequest): AuditSource {
  if (request.caller === null) throw new UnauthorizedError();
  const { keyId } = request.caller;
  return { actorKind: 'key', actor: keyId, source: request.ip, requestId: request.id };
}

/**
 * Makes the hook that records a request before its answer goes out, so that no read goes unrecorded,
 * unless what it stored was recorded with it. What was stored and cannot be recorded is told as
 * stored, and so is an answer that tells nothing of what is stored: the log has the gap.
 *
 * A refusal that tells something, and cannot be recorded, becomes a 503.
 *
 * @throws {AuditUnavailableError} a read cannot be recorded (503).
 */
export function auditRequest(
  route: Pick<Route, 'auth'>,
  audit: AuditAction,
  record: (entry: AuditEntry) => Promise<void>,
  log: Log,
): (request: FastifyRequest, reply: FastifyReply, payload: unknown) => Promise<unknown> {
  return async (request, reply, payload) => {
    const { statusCode: status } = reply;
    const result = resultOf(status, request.audit);
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
      const isRead = request.method === 'GET' || request.method === 'HEAD';
      if (status < 400 && isRead) throw new AuditUnavailableError();
      if (TELLING.includes(status)) return refuseInstead(reply);
      log.error('not in the audit log', { requestId: request.id, code: codeOf(error) });
    }
    return payload;
  };
}

/** The error mapper answers a request once: what is thrown behind it would go out without the envelope. */
function refuseInstead(reply: FastifyReply): string {
  for (const name of ['location', 'idempotency-match']) reply.removeHeader(name);
  reply.code(503).header('retry-after', String(RETRY_AFTER_SECONDS));
  return JSON.stringify(failure(503, new AuditUnavailableError().message));
}

function resultOf(status: number, told: FastifyRequest['audit']): string | undefined {
  if (told === 'recorded') return undefined;
  if (told === 'failed') return REFUSALS[500];
  return status < 400 ? 'OK' : REFUSALS[status];
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
