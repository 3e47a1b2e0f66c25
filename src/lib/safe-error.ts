/*
 * The parts of an error that may leave the process, for example in a log. The message is not among
 * them: it may quote data that was sent to a database, a pharmacy or a caller.
 */

/** Returns the code of an error (ours, Node's or Postgres's), or else the name of its class. */
export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'UNKNOWN';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}

/** Returns the frames of an error's stack trace, one line each, without the message. */
export function framesOf(error: unknown): string[] {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  return stack.split('\n').filter((line) => /^\s+at /.test(line));
}
