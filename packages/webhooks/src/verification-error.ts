/** Why a request is not taken for a webhook, as a stable code. */
export type WebhookVerificationCode =
  | 'missing_headers'
  | 'bad_signature'
  | 'too_old'
  | 'too_new'
  | 'bad_body';

const MESSAGES: Record<WebhookVerificationCode, string> = {
  missing_headers: 'A header of the signature is missing, malformed, or there more than once.',
  bad_signature: 'No signature is that of this body with one of the secrets.',
  too_old: 'The timestamp is older than is tolerated.',
  too_new: 'The timestamp is further in the future than is tolerated.',
  bad_body: 'The body is authentic, but no JSON object with an `event`.',
};

/** The request is not to be acted on: answer it 400 or 401. Nothing of it is in the error. */
export class WebhookVerificationError extends Error {
  override readonly name = 'WebhookVerificationError';
  readonly code: WebhookVerificationCode;

  constructor(code: WebhookVerificationCode) {
    super(MESSAGES[code]);
    this.code = code;
  }
}
