import { WebhookVerificationError } from './verification-error.ts';

/** The headers of a request: Node's, a web `Headers`, or any record. Names in any case. */
export type WebhookHeaders =
  | { get(name: string): string | null }
  | Readonly<Record<string, string | readonly string[] | undefined>>;

/** The signatures of a request. */
export type Signed =
  | {
      readonly kind: 'standard';
      readonly id: string;
      readonly timestamp: string;
      readonly signatures: string;
    }
  /** `x-cv-signature`, and `x-cv-signature-next` while a secret rotates. */
  | { readonly kind: 'body'; readonly signatures: readonly string[] };

/**
 * Reads the signature headers. When one header of Standard Webhooks is present, all three must be, so
 * that a request cannot choose the weaker signature by leaving one out.
 *
 * @throws {WebhookVerificationError} `missing_headers`.
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

/** The value of a header. Rejects a header that occurs twice, because either value could be meant. */
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
