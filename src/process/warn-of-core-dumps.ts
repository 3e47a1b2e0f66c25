import { readFileSync } from 'node:fs';
import type { Log } from './log.ts';

/**
 * Warns when a crash of this process may leave a core dump, which contains patient data and keys. The
 * limit can be read only on Linux.
 */
export function warnOfCoreDumps(log: Log): void {
  if (mayDump(readLimits())) {
    log.warn('a crash may leave a core dump with patient data: disable core dumps (ulimit -c 0)', {
      code: 'CORE_DUMPS_ENABLED',
    });
  }
}

/**
 * Returns whether a process may leave a core dump.
 *
 * @param limits the text of `/proc/self/limits`; see proc_pid_limits(5).
 */
export function mayDump(limits: string): boolean {
  const [, soft] = /^Max core file size +(\S+)/m.exec(limits) ?? [];
  return soft !== undefined && soft !== '0';
}

function readLimits(): string {
  try {
    return readFileSync('/proc/self/limits', 'utf8');
  } catch {
    return '';
  }
}
