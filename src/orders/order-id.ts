import { stringify, v7 as uuidv7 } from 'uuid';
import { keyedHash } from '../keys/keyed-hash.ts';

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
  const bytes = keyedHash(hashSecret, 'order-id', text).subarray(0, 16);
  // The first bit is set: references of test orders begin with zeros.
  bytes.writeUInt8(bytes.readUInt8(0) | 0x80, 0);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return stringify(bytes);
}
