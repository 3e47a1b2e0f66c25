import { hkdfSync } from 'node:crypto';

/** A key of a {@link KeyRing}. */
export interface RingKey {
  /** Stored next to the data that the key has sealed; not secret. */
  readonly id: string;
  /** 32 bytes. */
  readonly key: Buffer;
}

/** A list of keys. The first one is active and seals; each one opens what it has sealed. */
export type KeyRing = readonly [RingKey, ...RingKey[]];

/** A purpose of a key ring. {@link ringFor} derives separate keys for each purpose. */
export type KeyPurpose = 'temporal-payloads' | 'data-keys';

/** A key that is needed to open data is missing, or cannot be used. `message` and `keyId` name it. */
export class KeyMissingError extends Error {
  override readonly name = 'KeyMissingError';
  /** Includes the key's id, because logs and Temporal get only codes. The id is not secret. */
  readonly code: string;
  readonly keyId: string;

  /** @param help what the operator can do, or why the key cannot be used. */
  constructor(keyId: string, help = 'add it to ENCRYPTION_KEYS, after the active one') {
    super(`encryption key ${keyId} is unavailable: ${help}`);
    this.keyId = keyId;
    this.code = `ENCRYPTION_KEY_MISSING ${keyId}`;
  }
}

/** A text is not a valid key ring. `message` says why, without quoting any of it. */
export class KeyRingError extends Error {
  override readonly name = 'KeyRingError';
}

const ENTRY = /^([A-Za-z0-9][A-Za-z0-9._-]{0,63}):([A-Za-z0-9+/]{43}=)$/;

/**
 * Parses a key ring: `id:key` pairs separated by commas, each key 32 bytes in base64 (`openssl rand
 * -base64 32`), the active key first; for example `2026-11:…,2026-05:…`.
 *
 * @throws {KeyRingError} the text is malformed, or contains an id twice.
 */
export function parseKeyRing(text: string): KeyRing {
  const keys = text.split(',').map((entry): RingKey => {
    const [, id, encoded] = ENTRY.exec(entry.trim()) ?? [];
    if (id === undefined || encoded === undefined) {
      throw new KeyRingError(
        'must be id:key pairs separated by commas, each key 32 bytes in base64',
      );
    }
    return { id, key: Buffer.from(encoded, 'base64') };
  });
  const twice = keys.find(({ id }, index) => keys.findIndex((key) => key.id === id) !== index);
  if (twice !== undefined) throw new KeyRingError(`has two keys with the id ${twice.id}`);
  const [active, ...others] = keys;
  return [active as RingKey, ...others];
}

/** Returns the key with this id. @throws {KeyMissingError} */
export function keyOf(ring: KeyRing, id: string): Buffer {
  const found = ring.find((key) => key.id === id);
  if (found === undefined) throw new KeyMissingError(id);
  return found.key;
}

/** Derives the ring of one purpose: keys by HKDF-SHA256 (RFC 5869), with the same ids. */
export function ringFor(purpose: KeyPurpose, [active, ...others]: KeyRing): KeyRing {
  const derive = ({ id, key }: RingKey): RingKey => ({
    id,
    key: Buffer.from(hkdfSync('sha256', key, '', `rx-orders ${purpose}`, 32)),
  });
  return [derive(active), ...others.map(derive)];
}
