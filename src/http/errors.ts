/** The header `cv-api-key` is missing: 400 by the contract. */
export class MissingApiKeyError extends Error {
  override readonly name = 'MissingApiKeyError';
}

/** The API key opens nothing: 401. */
export class UnauthorizedError extends Error {
  override readonly name = 'UnauthorizedError';
}

/** The API key lacks the scope: 403. */
export class PermissionDeniedError extends Error {
  override readonly name = 'PermissionDeniedError';
}

/** The request's body is not what the route takes: 400, with the message as it stands. */
export class InvalidBodyError extends Error {
  override readonly name = 'InvalidBodyError';
}
