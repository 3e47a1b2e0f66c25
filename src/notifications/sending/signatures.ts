import { createHmac, randomBytes } from 'node:crypto';

/*
 * This file shares no code with the verifier in packages/webhooks: a mistake here cannot hide there,
 * because the tests verify with that package and with the library of Standard Webhooks.
 */

const PREFIX = 'whsec_';
/** The length of the secrets that we make. */
const SECRET_BYTES = 32;
/** The lengths that a symmetric secret may have (Standard Webhooks, "Signature scheme"). */
const MIN_BYTES = 24;
const MAX_BYTES = 64;

/** What is signed; the body is exactly what is sent. */
export interface Unsigned {
  /** The same over all attempts. Without a full stop, which parts what is signed. */
  readonly id: string;
  /** Of this attempt, in seconds since the epoch. */
  readonly timestamp: number;
  readonly body: string;
  /** Those that sign now, the newest first: one, or two while a secret rotates. */
  readonly secrets: readonly [string, ...string[]];
}

/** A new secret of an endpoint: `whsec_` and the base64 of 32 random bytes. */
export function newSecret(): string {
  return `${PREFIX}${randomBytes(SECRET_BYTES).toString('base64')}`;
}

/**
 * The headers that prove a webhook to its receiver.
 *
 * Standard Webhooks' signature holds one value for each secret, made with the bytes after `whsec_`.
 * `x-cv-signature` holds a single value, made with the secret's whole text: a handler written for the
 * original compares it to one HMAC and reads no list. So while a secret rotates it stays the oldest
 * secret's, which such a handler still has, and the newest one's is beside it in `x-cv-signature-next`.
 */
export function signaturesOf({ id, timestamp, body, secrets }: Unsigned): Record<string, string> {
  const [newest] = secrets;
  const oldest = secrets.at(-1) ?? newest;
  const signatures = secrets.map((secret) => standardSignature(keyOf(secret), id, timestamp, body));
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': signatures.join(' '),
    'x-cv-signature': bodySignature(oldest, body),
    ...(newest === oldest ? {} : { 'x-cv-signature-next': bodySignature(newest, body) }),
  };
}

/**
 * The bytes that a secret encodes.
 *
 * @throws {TypeError} the text is not a secret. A key that is too short or empty would let anyone sign.
 */
function keyOf(secret: string): Buffer {
  const text = secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : '';
  const key = Buffer.from(text, 'base64');
  const isExact = key.toString('base64').replace(/=+$/, '') === text.replace(/=+$/, '');
  if (!isExact || key.length < MIN_BYTES || key.length > MAX_BYTES) {
    throw new TypeError(`A secret is ${PREFIX} and the base64 of 24 to 64 bytes.`);
  }
  return key;
}

/** Standard Webhooks' signature: HMAC-SHA256 over `<id>.<timestamp>.<body>` with the secret's bytes. */
function standardSignature(key: Buffer, id: string, timestamp: number, body: string): string {
  const hmac = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body);
  return `v1,${hmac.digest('base64')}`;
}

/** The value of `x-cv-signature`: HMAC-SHA256 over the body with the secret's whole text, in hex. */
function bodySignature(secret: string, body: string): string {
  return createHmac('sha256', secret).update(body).digest('hex');
}
