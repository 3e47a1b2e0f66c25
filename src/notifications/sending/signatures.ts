import { createHmac, randomBytes } from 'node:crypto';

/*
 * This file shares no code with the verifier in packages/webhooks: a mistake here cannot hide there,
 * because the tests verify with that package and with the library of Standard Webhooks.
 */

const PREFIX = 'whsec_';
/** The length of a new secret. */
const SECRET_BYTES = 32;
/** The lengths that a symmetric secret may have (Standard Webhooks, "Signature scheme"). */
const MIN_BYTES = 24;
const MAX_BYTES = 64;

/** A webhook to sign. */
export interface Unsigned {
  /** The same for every attempt. It must not have a full stop, which separates the signed parts. */
  readonly id: string;
  /** The time of this attempt, in seconds since the epoch. */
  readonly timestamp: number;
  /** Exactly what is sent. */
  readonly body: string;
  /** The secrets that sign now, the newest first: one, or two while a secret rotates. */
  readonly secrets: readonly [string, ...string[]];
}

/** Creates a secret for an endpoint: `whsec_` and the base64 of 32 random bytes. */
export function newSecret(): string {
  return `${PREFIX}${randomBytes(SECRET_BYTES).toString('base64')}`;
}

/**
 * Returns the secret that always belongs to a name: `whsec_` and the base64 of an HMAC-SHA256.
 *
 * @param key a secret of the deployment.
 */
export function derivedSecret(key: string, name: string): string {
  return `${PREFIX}${createHmac('sha256', key).update(name).digest('base64')}`;
}

/**
 * Returns the headers that authenticate a webhook.
 *
 * `webhook-signature` (Standard Webhooks) has one value for each secret, keyed with the bytes that the
 * secret encodes. `x-cv-signature` has a single value, keyed with the secret's text, because a receiver
 * of that header compares it to one HMAC. While a secret rotates, it is the signature of the oldest
 * secret, which such a receiver still has; `x-cv-signature-next` has the signature of the newest.
 *
 * @throws {TypeError} a secret is malformed.
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
 * Returns the bytes that a secret encodes.
 *
 * @throws {TypeError} the text is not a secret. Anyone could guess a key that is too short.
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
