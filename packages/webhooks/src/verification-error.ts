/** Why a request is rejected, as a stable code. */
export type WebhookVerificationCode =
  | 'missing_headers'
  | 'bad_signature'
  | 'too_old'
  | 'too_new'
  | 'bad_body';

const MESSAGES: Record<WebhookVerificationCode, string> = {
  missing_headers: 'A signature header is missing, malformed, or present more than once.',
  bad_signature: 'No signature matches this body and these secrets.',
  too_old: 'The timestamp is older than the tolerance allows.',
  too_new: 'The timestamp is further in the future than the tolerance allows.',
  bad_body: 'The body is authentic, but it is not a JSON object with an `event`.',
};

/** The request is not a genuine webhook. Answer 400 or 401. The error contains nothing of the request. */
export class WebhookVerificationError extends Error {
  override readonly name = 'WebhookVerificationError';
  readonly code: WebhookVerificationCode;

  constructor(code: WebhookVerificationCode) {
    super(MESSAGES[code]);
    this.code = code;
  }
}
