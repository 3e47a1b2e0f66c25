import type { FastifyRequest } from 'fastify';

/** The values of the header `Idempotency-Key`, as they were sent: Node joins repeated headers. */
export function keyHeadersOf({ raw }: FastifyRequest): readonly string[] {
  return raw.headersDistinct['idempotency-key'] ?? [];
}
