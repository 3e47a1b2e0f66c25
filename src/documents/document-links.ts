import { keyedHash, sameHash } from '../keys/keyed-hash.ts';

/** How long a link to a document is valid (docs/webhooks.md, "Set up an endpoint"). */
const LIFETIME_MS = 15 * 60_000;

/** Signed links, by which a client can download a document without an API key. */
export interface DocumentLinks {
  /** Creates a link to a document that is valid for 15 minutes. */
  create(documentId: string): string;
  /** Returns whether the signature of a link is valid and the link has not expired. */
  isValid(documentId: string, link: { expires: string; signature: string }): boolean;
}

/**
 * Creates and verifies signed links to documents. A link contains only the document's id and the time of
 * expiry, signed with the deployment's hash secret. Anybody with the link can read that one document until
 * it expires.
 *
 * @param options.publicUrl URL under which organizations reach this server.
 * @param options.now returns the current time in milliseconds since the epoch.
 */
export function createDocumentLinks(options: {
  readonly publicUrl: string;
  readonly hashSecret: string;
  readonly now?: () => number;
}): DocumentLinks {
  const { publicUrl, hashSecret, now = Date.now } = options;
  const sign = (documentId: string, expires: string) =>
    keyedHash(hashSecret, 'document-link', `${documentId}\0${expires}`);

  return {
    create(documentId) {
      const expires = String(Math.floor((now() + LIFETIME_MS) / 1_000));
      const signature = sign(documentId, expires).toString('hex');
      const base = publicUrl.replace(/\/+$/, '');
      return `${base}/documents/${documentId}?expires=${expires}&signature=${signature}`;
    },
    isValid(documentId, { expires, signature }) {
      if (!/^\d{1,12}$/.test(expires) || !/^[0-9a-f]{64}$/.test(signature)) return false;
      const right = sameHash(sign(documentId, expires), Buffer.from(signature, 'hex'));
      return right && Number(expires) * 1_000 > now();
    },
  };
}
