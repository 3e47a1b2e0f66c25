import { readFileSync } from 'node:fs';
import type { Log } from './log.ts';

/**
 * Warns when a crash of this process may leave a core: a dump of its memory, patient data and keys
 * included. Known on Linux only.
 */
export function warnOfCoreDumps(log: Log): void {
  if (mayDump(readLimits())) {
    log.warn('a crash may leave a core with patient data: set its limit to 0 (ulimit -c 0)', {
      code: 'CORE_DUMPS_ENABLED',
    });
  }
}

/** @param limits the text of `/proc/self/limits`; see proc_pid_limits(5). */
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
