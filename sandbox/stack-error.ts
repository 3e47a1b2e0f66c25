/**
 * Thrown when the stack cannot start or keep running. `message` says in full what is wrong and what to
 * do; programs print only the message, without a stack trace, and exit with 1.
 */
export class StackError extends Error {
  override readonly name = 'StackError';
}

/** Returns the code of a system error, such as `EACCES`; `UNKNOWN` for any other error. */
export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : 'UNKNOWN';
}
