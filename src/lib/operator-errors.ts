/** There is none of this id. `message` names what is missing, for people. */
export class UnknownIdError extends Error {
  override readonly name = 'UnknownIdError';

  constructor(what: 'organization' | 'key' | 'case' | 'pharmacy' | 'order' | 'message') {
    super(`there is no ${what} of this id`);
  }
}

/** What is asked for does not go with what is there. `message` says why, for people. */
export class OperatorConflictError extends Error {
  override readonly name = 'OperatorConflictError';
}
