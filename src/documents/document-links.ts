import { keyedHash, sameHash } from '../keys/keyed-hash.ts';

/** How long a link to a document is valid (docs/webhooks.md, "Set up an endpoint"). */
const LIFETIME_MS = 15 * 60_000;

/** The parameters of a link. */
export interface DocumentLink {
  /** Seconds since the epoch. */
  readonly expires: string;
  /** The webhook endpoint that got the link. */
  readonly endpoint?: string;
  readonly signature: string;
}

/** Signed links, by which a client can download a document without an API key. */
export interface DocumentLinks {
  /**
   * Creates a link to a document that is valid for 15 minutes.
   *
   * @param endpointId the webhook endpoint that gets the link, for the audit log.
   */
  create(documentId: string, endpointId?: string): string;
  /** Returns whether the signature of a link is valid and the link has not expired. */
  isValid(documentId: string, link: DocumentLink): boolean;
}

/**
 * Creates and verifies signed links to documents. A link contains the document's id, the time of expiry and,
 * in a webhook, the endpoint's id. Anybody with the link can read that one document until it expires.
 *
 * @param options.publicUrl URL under which organizations reach this server.
 * @param options.secrets the first one signs links, all of them verify links.
 * @param options.now returns the current time in milliseconds since the epoch.
 */
export function createDocumentLinks(options: {
  readonly publicUrl: string;
  readonly secrets: readonly [string, ...string[]];
  readonly now?: () => number;
}): DocumentLinks {
  const { publicUrl, secrets, now = Date.now } = options;
  const sign = (secret: string, documentId: string, expires: string, endpointId?: string) => {
    const parts = [documentId, expires, endpointId].filter((part) => part !== undefined);
    return keyedHash(secret, 'document-link', parts.join('\0'));
  };

  return {
    create(documentId, endpointId) {
      const expires = String(Math.floor((now() + LIFETIME_MS) / 1_000));
      const signature = sign(secrets[0], documentId, expires, endpointId).toString('hex');
      const base = publicUrl.replace(/\/+$/, '');
      const endpoint = endpointId === undefined ? '' : `&endpoint=${endpointId}`;
      return `${base}/documents/${documentId}?expires=${expires}&signature=${signature}${endpoint}`;
    },
    isValid(documentId, { expires, endpoint, signature }) {
      if (!/^\d{1,12}$/.test(expires) || !/^[0-9a-f]{64}$/.test(signature)) return false;
      const given = Buffer.from(signature, 'hex');
      const right = secrets.some((secret) =>
        sameHash(sign(secret, documentId, expires, endpoint), given),
      );
      return right && Number(expires) * 1_000 > now();
    },
  };
}
