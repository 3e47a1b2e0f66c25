/*
 * What may be told of an error outside the process. Its message is not among that: it may quote what
 * a database, a pharmacy or a caller was given.
 */

/** An error's code where it has one (ours, Node's, Postgres's), else its class. */
export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'UNKNOWN';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}

/** Where an error was thrown: the frames of its stack, a line each, without its message. */
export function framesOf(error: unknown): string[] {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  return stack.split('\n').filter((line) => /^\s+at /.test(line));
}
