import type { FastifyRequest } from 'fastify';

/** The values of the header `Idempotency-Key`, as they were sent: Node joins repeated headers. */
export function keyHeadersOf({ raw }: FastifyRequest): readonly string[] {
  // Node computes `headersDistinct` of all headers when it is first read.
  if (raw.headers['idempotency-key'] === undefined) return [];
  return raw.headersDistinct['idempotency-key'] ?? [];
}
