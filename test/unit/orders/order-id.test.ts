import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isUuid } from '../../../src/lib/uuid.ts';
import { newOrderId } from '../../../src/orders/order-id.ts';

const identity = fc.record({
  organizationId: fc.uuid(),
  idempotencyKey: fc.string({ minLength: 1, maxLength: 255, unit: 'grapheme-ascii' }),
  fingerprint: fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes)),
});
const SECRET = 'a secret of the deployment';

it('gives the same request the same id, a UUID of version 8 that no test order has', () => {
  fc.assert(
    fc.property(identity, (request) => {
      const id = newOrderId(SECRET, request);
      expect(newOrderId(SECRET, { ...request })).toBe(id);
      expect(isUuid(id)).toBe(true);
      expect(id).toMatch(/^[89a-f].{13}8.{4}[89ab]/);
    }),
  );
});

it('gives a request that differs in anything another id', () => {
  fc.assert(
    fc.property(identity, identity, (request, other) => {
      const id = newOrderId(SECRET, request);
      const changes = [
        { idempotencyKey: `${request.idempotencyKey}x` },
        { organizationId: other.organizationId },
        { fingerprint: other.fingerprint },
      ];
      for (const change of changes) {
        if (fc.stringify({ ...request, ...change }) === fc.stringify(request)) continue;
        expect(newOrderId(SECRET, { ...request, ...change })).not.toBe(id);
      }
      expect(newOrderId('another secret', request)).not.toBe(id);
    }),
  );
});

it('gives every request without an idempotency key an id of its own', () => {
  const request = {
    organizationId: '6e0bd5ab-02ee-4b9b-8a3c-d1d8a2f7b9c5',
    idempotencyKey: undefined,
    fingerprint: Buffer.alloc(32),
  };
  expect(newOrderId(SECRET, request)).not.toBe(newOrderId(SECRET, request));
});
