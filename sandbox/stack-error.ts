/**
 * The stack cannot start or go on. `message` is for people: what is wrong and what helps, in full;
 * programs print it alone, without a stack trace, and end with 1.
 */
export class StackError extends Error {
  override readonly name = 'StackError';
}

/** The code of a system's error, as in `EACCES`; `UNKNOWN` for anything else. */
export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : 'UNKNOWN';
}
