import { v7 as uuidv7 } from 'uuid';
import { keyedHash } from '../keys/keyed-hash.ts';
import { uuidOfHash } from '../lib/uuid.ts';

/** The request that an order id is made for. */
export interface OrderIdentity {
  readonly organizationId: string;
  readonly idempotencyKey: string | undefined;
  /** The keyed hash of the case and the order. */
  readonly fingerprint: Buffer;
}

/**
 * Makes the id of a new order, which is also its reference at the pharmacy. The same organization, idempotency key and
 * payload give the same id. After Postgres was restored to an earlier moment, a client that repeats a lost request
 * therefore gets its former order id, and the pharmacy recognizes an order that it already has (docs/adr/0048).
 *
 * Without an idempotency key nothing tells a repeated order from a second one, so each request gets a new id.
 *
 * @param hashSecret the deployment's secret: nobody else can compute an id.
 * @returns a UUID of version 8 (RFC 9562, section 5.8); of version 7 without an idempotency key.
 */
export function newOrderId(hashSecret: string, identity: OrderIdentity): string {
  const { organizationId, idempotencyKey, fingerprint } = identity;
  if (idempotencyKey === undefined) return uuidv7();
  const text = `${organizationId}\0${fingerprint.toString('hex')}\0${idempotencyKey}`;
  const hash = keyedHash(hashSecret, 'order-id', text);
  // The first bit is set: references of test orders begin with zeros.
  hash.writeUInt8(hash.readUInt8(0) | 0x80, 0);
  return uuidOfHash(hash);
}
