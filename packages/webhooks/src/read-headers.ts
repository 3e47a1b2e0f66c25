import { WebhookVerificationError } from './verification-error.ts';

/** The headers of a request: Node's, the web's, or any record; in any case of letters. */
export type WebhookHeaders =
  | { get(name: string): string | null }
  | Readonly<Record<string, string | readonly string[] | undefined>>;

/** What the request is signed with. */
export type Signed =
  | {
      readonly kind: 'standard';
      readonly id: string;
      readonly timestamp: string;
      readonly signatures: string;
    }
  /** `x-cv-signature`, and while a secret rotates `x-cv-signature-next`. */
  | { readonly kind: 'body'; readonly signatures: readonly string[] };

/**
 * Reads the headers of the signatures. Where one of Standard Webhooks' is there, the others must be,
 * too: a request does not choose the weaker signature by leaving one out.
 */
export function readHeaders(headers: WebhookHeaders): Signed {
  const id = single(headers, 'webhook-id');
  const timestamp = single(headers, 'webhook-timestamp');
  const signatures = single(headers, 'webhook-signature');
  if (id !== undefined && timestamp !== undefined && signatures !== undefined) {
    return { kind: 'standard', id, timestamp, signatures };
  }
  const plain = [single(headers, 'x-cv-signature'), single(headers, 'x-cv-signature-next')].filter(
    (value) => value !== undefined,
  );
  if ((id ?? timestamp ?? signatures) !== undefined || plain.length === 0) {
    throw new WebhookVerificationError('missing_headers');
  }
  return { kind: 'body', signatures: plain };
}

/** A header that was sent once; of one that was sent twice, nobody knows which one is meant. */
function single(headers: WebhookHeaders, name: string): string | undefined {
  const values = valuesOf(headers, name);
  if (values.length > 1) throw new WebhookVerificationError('missing_headers');
  return values[0];
}

function valuesOf(headers: WebhookHeaders, name: string): readonly string[] {
  if (isWebHeaders(headers)) return [headers.get(name) ?? []].flat();
  return Object.entries(headers)
    .filter(([key]) => key.toLowerCase() === name)
    .flatMap(([, value]) => value ?? []);
}

function isWebHeaders(headers: WebhookHeaders): headers is { get(name: string): string | null } {
  return typeof headers.get === 'function';
}
