/**
 * Wraps a command so that no crash of it leaves a core, whatever the user's limit is: a dump of a
 * process's memory holds the patient data that it worked on. A shell sets the limit, as Node cannot, and
 * becomes the program.
 */
export function withoutCores(
  command: string,
  args: readonly string[],
): { readonly command: string; readonly args: readonly string[] } {
  return { command: '/bin/sh', args: ['-c', 'ulimit -c 0; exec "$0" "$@"', command, ...args] };
}
