import type { FastifyReply, FastifyRequest, onSendHookHandler } from 'fastify';
import type { AuditEntry, AuditSource, AuditSubject } from '../audit/record-audit.ts';
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
     * What the response's status does not show. `recorded`: the transaction that stored the change
     * also wrote its audit row. `failed`: the request failed although Postgres is available.
     */
    audit: 'recorded' | 'failed' | null;
    /** The document that a signed link named, and the webhook endpoint that the link was made for. */
    linked: (AuditSubject & { readonly endpointId: string | undefined }) | null;
  }
}

/** The result recorded for each refusal. The other refusals happen before patient data is read. */
const REFUSALS: Readonly<Record<number, string>> = {
  400: 'INVALID',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  409: 'CONFLICT',
  410: 'GONE',
  500: 'FAILED',
};

/** Refusals that reveal something about stored data. */
const REVEALING: readonly number[] = [403, 404, 409];

/**
 * Names the sender of an authenticated request, for services that write the audit row in the
 * transaction of the change.
 *
 * @throws {UnauthorizedError} the request was not authenticated (401).
 */
export function auditSourceOf(request: FastifyRequest): AuditSource {
  if (request.caller === null) throw new UnauthorizedError();
  const { keyId } = request.caller;
  return { actorKind: 'key', actor: keyId, source: request.ip, requestId: request.id };
}

/**
 * Creates the hook that records a request before its response is sent, so that no read goes
 * unrecorded. It skips a change whose transaction wrote the audit row.
 *
 * When the audit log cannot be written:
 * - a read, and a refusal that reveals stored data, become a 503;
 * - a stored change keeps its response, and so does a refusal that reveals nothing. The log has the
 *   gap.
 *
 * @throws {AuditUnavailableError} a read cannot be recorded (503).
 */
export function auditRequest(
  route: Pick<Route, 'auth'>,
  audit: AuditAction,
  record: (entry: AuditEntry) => Promise<void>,
  log: Log,
): onSendHookHandler {
  async function recorded(
    request: FastifyRequest,
    reply: FastifyReply,
    payload: unknown,
    entry: Pick<AuditEntry, 'actorKind' | 'actor' | 'organizationId' | 'result'>,
  ): Promise<unknown> {
    const { statusCode: status } = reply;
    try {
      await record({
        ...entry,
        ...subjectOf(request, status < 400),
        action: typeof audit === 'string' ? audit : audit(request.body),
        source: request.ip,
        requestId: request.id,
      });
    } catch (error) {
      const isRead = request.method === 'GET' || request.method === 'HEAD';
      if (status < 400 && isRead) throw new AuditUnavailableError();
      if (REVEALING.includes(status)) return refuseInstead(reply);
      log.error('audit record failed', { requestId: request.id, code: codeOf(error) });
    }
    return payload;
  }

  return (request, reply, payload, done) => {
    const { statusCode: status } = reply;
    const result = resultOf(status, request.audit);
    const actor = actorOf(request, route.auth === 'none' && status < 400);
    if (result === undefined || actor === undefined) return done();
    recorded(request, reply, payload, { ...actor, result }).then(
      (newPayload) => done(null, newPayload),
      done,
    );
  };
}

/**
 * Turns a refusal into a 503 in place. The error handler runs once for each request, so an error that
 * is thrown after it would be sent without the envelope.
 */
function refuseInstead(reply: FastifyReply): string {
  for (const name of ['location', 'idempotency-match']) reply.removeHeader(name);
  reply.code(503).header('retry-after', String(RETRY_AFTER_SECONDS));
  return JSON.stringify(failure(503, new AuditUnavailableError().message));
}

function resultOf(status: number, mark: FastifyRequest['audit']): string | undefined {
  if (mark === 'recorded') return undefined;
  if (mark === 'failed') return REFUSALS[500];
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
  // Without a key, only a signed link opens patient data. Its refusals have no actor.
  if (!byLink) return undefined;
  const endpointId = request.linked?.endpointId;
  const actor = endpointId === undefined ? 'signed-link' : `signed-link:${endpointId}`;
  return { actorKind: 'system', actor, organizationId: request.linked?.organizationId };
}

/** The case and order of a request. A refused request may name any text, so only UUIDs are recorded. */
function subjectOf(request: FastifyRequest, served: boolean): Partial<AuditEntry> {
  const named = {
    ...fieldsOf(request.body),
    ...fieldsOf(request.query),
    ...fieldsOf(request.params),
  };
  const order = request.orderId ?? request.linked?.orderId ?? named.orderId;
  const caseId = request.caseId ?? request.linked?.caseId ?? named.caseId;
  return {
    ...(typeof caseId === 'string' && (served || isUuid(caseId)) ? { caseId } : {}),
    ...(typeof order === 'string' && isUuid(order) ? { orderId: order } : {}),
  };
}

function fieldsOf(value: unknown): { caseId?: unknown; orderId?: unknown } {
  return typeof value === 'object' && value !== null ? value : {};
}
