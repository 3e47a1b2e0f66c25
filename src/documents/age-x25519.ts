import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { type Identity, type Recipient, Stanza } from 'age-encryption';
import { SealBrokenError } from '../keys/aead.ts';

// The recipient type X25519 of an age file (age-encryption.org/v1, "The X25519 recipient type"). This code uses
// Node's key agreement, which takes a twentieth of the time of the one of age-encryption.

const TYPE = 'X25519';
const INFO = 'age-encryption.org/v1/X25519';
const CIPHER = 'chacha20-poly1305';
const NONCE = Buffer.alloc(12);
const TAG_BYTES = 16;
const SHARE_BYTES = 32;
const FILE_KEY_BYTES = 16;

/**
 * Creates the recipient that belongs to a secret key.
 *
 * @param secret an X25519 scalar, 32 bytes.
 */
export function createRecipient(secret: Uint8Array): Recipient {
  return {
    wrapFileKey(fileKey) {
      const recipient = createPublicKey(privateKey(secret));
      const ephemeral = privateKey(randomBytes(SHARE_BYTES));
      const share = shareOf(createPublicKey(ephemeral));
      const shared = diffieHellman({ privateKey: ephemeral, publicKey: recipient });
      const key = wrapKey(shared, share, shareOf(recipient));
      const cipher = createCipheriv(CIPHER, key, NONCE, { authTagLength: TAG_BYTES });
      const body = Buffer.concat([cipher.update(fileKey), cipher.final(), cipher.getAuthTag()]);
      return [new Stanza([TYPE, share.toString('base64').replace(/=+$/, '')], body)];
    },
  };
}

/**
 * Creates the identity of a secret key.
 *
 * @param secret an X25519 scalar, 32 bytes.
 */
export function createIdentity(secret: Uint8Array): Identity {
  return {
    unwrapFileKey(stanzas) {
      const own = stanzas.find(({ args }) => args[0] === TYPE);
      const share = Buffer.from(own?.args[1] ?? '', 'base64');
      const length = FILE_KEY_BYTES + TAG_BYTES;
      if (own === undefined || share.length !== SHARE_BYTES || own.body.length !== length) {
        throw new SealBrokenError();
      }
      const identity = privateKey(secret);
      const shared = diffieHellman({ privateKey: identity, publicKey: publicKey(share) });
      const key = wrapKey(shared, share, shareOf(createPublicKey(identity)));
      const decipher = createDecipheriv(CIPHER, key, NONCE, { authTagLength: TAG_BYTES });
      decipher.setAuthTag(own.body.subarray(FILE_KEY_BYTES));
      return Buffer.concat([
        decipher.update(own.body.subarray(0, FILE_KEY_BYTES)),
        decipher.final(),
      ]);
    },
  };
}

function wrapKey(shared: Uint8Array, share: Uint8Array, recipient: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', shared, Buffer.concat([share, recipient]), INFO, 32));
}

// As JWK, because OpenSSL takes a millisecond to decode a key in DER. Node ignores `x` of a private key.

function privateKey(secret: Uint8Array): KeyObject {
  const d = Buffer.from(secret).toString('base64url');
  return createPrivateKey({ format: 'jwk', key: { kty: 'OKP', crv: 'X25519', d, x: d } });
}

function publicKey(share: Uint8Array): KeyObject {
  const x = Buffer.from(share).toString('base64url');
  return createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'X25519', x } });
}

function shareOf(key: KeyObject): Buffer {
  return Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url');
}
