import { Webhook } from 'standardwebhooks';
import { isUniform, TOO_UNIFORM } from '../lib/secret-strength.ts';
import type { WebhookAuth } from './webhook-auth.ts';

/** Bytes of a Standard Webhooks key: the specification recommends both limits ("Signature scheme"). */
const KEY_BYTES = { least: 24, most: 64 };
/** The fewest characters of an HMAC key in text, or of a bearer token. */
const LEAST_CHARACTERS = 16;
/** The fewest characters of a password without a second factor (NIST SP 800-63B-4, section 3.1.1.2). */
const LEAST_OF_PASSWORD = 15;

/**
 * Checks that a pharmacy can authenticate its webhooks with a secret, and that nobody can guess it
 * (docs/pharmacy-protocol.md, "Authentication of webhooks").
 *
 * @returns what is wrong and what to do, without the secret; undefined if the secret works.
 */
export function webhookSecretFault(auth: WebhookAuth): string | undefined {
  switch (auth.kind) {
    case 'standard-webhooks':
      return standardWebhooksFault(auth.secret);
    case 'x-cv-signature':
      return guessable(auth.secret, LEAST_CHARACTERS);
    case 'bearer':
      return guessable(auth.token, LEAST_CHARACTERS);
    case 'basic':
      // The first colon ends the user name (RFC 7617, section 2).
      if (auth.username.includes(':')) return 'the user name must not contain a colon';
      return guessable(auth.password, LEAST_OF_PASSWORD);
    case 'none':
      return undefined;
  }
}

function standardWebhooksFault(secret: string): string | undefined {
  if (/^wh(sk|pk)_/.test(secret)) {
    return 'the secret must be a shared one (whsec_…); the asymmetric keys whsk_ and whpk_ are not supported';
  }
  const base64 = secret.replace(/^whsec_/, '');
  if (!isBase64(base64)) {
    return 'the secret must be base64, with or without the prefix whsec_; the URL alphabet (- and _) is not base64';
  }
  const key = Buffer.from(base64, 'base64');
  if (key.length < KEY_BYTES.least || key.length > KEY_BYTES.most) {
    return `the secret must be the base64 of ${KEY_BYTES.least} to ${KEY_BYTES.most} bytes; it has ${key.length}`;
  }
  return isUniform(key) ? TOO_UNIFORM : undefined;
}

/** Whether a text is base64, with its padding or without. Our verifier reads both. */
function isBase64(text: string): boolean {
  const isWhole = text.endsWith('=') ? text.length % 4 === 0 : text.length % 4 !== 1;
  if (!isWhole || !/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return false;
  try {
    new Webhook(text);
    return true;
  } catch {
    return false;
  }
}

function guessable(secret: string, least: number): string | undefined {
  if (secret.length < least)
    return `the secret must have at least ${least} characters; it has ${secret.length}`;
  return isUniform(secret) ? TOO_UNIFORM : undefined;
}
