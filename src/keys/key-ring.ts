import { hkdfSync } from 'node:crypto';

/** A key of a {@link KeyRing}. */
export interface RingKey {
  /** Stands beside what the key has sealed; no secret. */
  readonly id: string;
  /** 32 bytes. */
  readonly key: Buffer;
}

/** Keys of which the first, the active one, seals, and each opens what it has sealed. */
export type KeyRing = readonly [RingKey, ...RingKey[]];

/** What keys of a ring are used for. Each purpose has keys of its own, derived from the ring's. */
export type KeyPurpose = 'temporal-payloads' | 'data-keys';

/** A key that something was sealed with is not there, or cannot be used; `message` and `keyId` name it. */
export class KeyMissingError extends Error {
  override readonly name = 'KeyMissingError';
  /** With the id, which is no secret: codes alone reach logs and Temporal. */
  readonly code: string;
  readonly keyId: string;

  /** @param help what helps, or why it cannot be used. */
  constructor(keyId: string, help = 'put it back into ENCRYPTION_KEYS, behind the active one') {
    super(`there is no encryption key ${keyId}: ${help}`);
    this.keyId = keyId;
    this.code = `ENCRYPTION_KEY_MISSING ${keyId}`;
  }
}

/** A text that is no key ring; `message` says why and holds nothing of it. */
export class KeyRingError extends Error {
  override readonly name = 'KeyRingError';
}

const ENTRY = /^([A-Za-z0-9][A-Za-z0-9._-]{0,63}):([A-Za-z0-9+/]{43}=)$/;

/**
 * Reads a key ring: `id:key` with commas between, each key 32 bytes in base64 (`openssl rand -base64
 * 32`), the active one first, e.g. `2026-11:…,2026-05:…`.
 *
 * @throws {KeyRingError} it breaks that rule, or an id stands twice.
 */
export function parseKeyRing(text: string): KeyRing {
  const keys = text.split(',').map((entry): RingKey => {
    const [, id, encoded] = ENTRY.exec(entry.trim()) ?? [];
    if (id === undefined || encoded === undefined) {
      throw new KeyRingError('must be id:key with commas between, each key 32 bytes in base64');
    }
    return { id, key: Buffer.from(encoded, 'base64') };
  });
  const twice = keys.find(({ id }, index) => keys.findIndex((key) => key.id === id) !== index);
  if (twice !== undefined) throw new KeyRingError(`has two keys of the id ${twice.id}`);
  const [active, ...others] = keys;
  return [active as RingKey, ...others];
}

/** The key that opens what a key of this id has sealed. @throws {KeyMissingError} */
export function keyOf(ring: KeyRing, id: string): Buffer {
  const found = ring.find((key) => key.id === id);
  if (found === undefined) throw new KeyMissingError(id);
  return found.key;
}

/** The same ring for one purpose: keys derived by HKDF-SHA256 (RFC 5869), under the same ids. */
export function ringFor(purpose: KeyPurpose, [active, ...others]: KeyRing): KeyRing {
  const derive = ({ id, key }: RingKey): RingKey => ({
    id,
    key: Buffer.from(hkdfSync('sha256', key, '', `rx-orders ${purpose}`, 32)),
  });
  return [derive(active), ...others.map(derive)];
}
