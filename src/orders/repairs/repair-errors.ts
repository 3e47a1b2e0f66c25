/** The order does not allow the repair; nothing was changed. */
export class RepairRefusedError extends Error {
  override readonly name = 'RepairRefusedError';
  /** A stable code, e.g. `WRONG_STATUS`, `PHARMACY_ORDER_TAKEN`. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }

  /** The error for an order whose status does not allow a retry or a cancellation. */
  static inStatus(status: string): RepairRefusedError {
    return new RepairRefusedError('WRONG_STATUS', `the order is ${status}`);
  }
}

/** Temporal was unreachable or did not answer: the repair may or may not have been applied. */
export class TemporalUnavailableError extends Error {
  override readonly name = 'TemporalUnavailableError';
}
