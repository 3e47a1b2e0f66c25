import { keyedHash, sameHash } from '../keys/keyed-hash.ts';

/** How long a link to a document works (api.md, `payload.attachment`). */
const LIFETIME_MS = 15 * 60_000;

/** Links by which a document can be fetched without an API key, for a while. */
export interface DocumentLinks {
  /** The address of a document; it works for 15 minutes. */
  create(documentId: string): string;
  /** Whether a link is one of ours and still works. */
  isValid(documentId: string, link: { expires: string; signature: string }): boolean;
}

/**
 * Makes and checks links to documents. A link carries ids and a time only, signed under the
 * deployment's hash secret; whoever has it can read that one document until it expires.
 *
 * @param options.publicUrl where organizations reach this server, without a path's last slash.
 * @param options.now milliseconds since the epoch.
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
