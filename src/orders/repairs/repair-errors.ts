/** What is asked for cannot be done with the order as it is; nothing was changed. */
export class RepairRefusedError extends Error {
  override readonly name = 'RepairRefusedError';
  /** A stable code, e.g. `NOT_RETRYABLE`, `PHARMACY_ORDER_TAKEN`. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }

  /** An order in this status cannot be sent on or cancelled. */
  static inStatus(status: string): RepairRefusedError {
    return new RepairRefusedError('WRONG_STATUS', `the order is ${status}`);
  }
}

/** Temporal could not be asked, or did not answer: whether it was done is not known. */
export class TemporalUnavailableError extends Error {
  override readonly name = 'TemporalUnavailableError';
}
