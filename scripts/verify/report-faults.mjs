/**
 * Ends a check: prints each fault on a line of stderr and sets the exit code, 1 if there is a fault.
 *
 * @param {string[]} faults
 */
export function reportFaults(faults) {
  for (const fault of faults) console.error(fault);
  process.exitCode = faults.length === 0 ? 0 : 1;
}
