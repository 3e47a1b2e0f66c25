/**
 * Ends a check: each fault on a line of stderr, and exit code 1 when there is one.
 *
 * @param {string[]} faults
 */
export function reportFaults(faults) {
  for (const fault of faults) console.error(fault);
  process.exitCode = faults.length === 0 ? 0 : 1;
}
