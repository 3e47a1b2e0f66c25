/** Nothing exists with the given id. `message` says what is missing, for people. */
export class UnknownIdError extends Error {
  override readonly name = 'UnknownIdError';

  constructor(what: 'organization' | 'key' | 'case' | 'pharmacy' | 'order' | 'message') {
    super(`there is no ${what} with this id`);
  }
}

/** The request conflicts with the current state. `message` says why, for people. */
export class OperatorConflictError extends Error {
  override readonly name = 'OperatorConflictError';
}
