import { type Rounds, startRounds } from '../lib/rounds.ts';
import { codeOf } from '../lib/safe-error.ts';
import type { Log } from '../process/log.ts';
import type { Database } from '../storage/database.ts';
import { sealAuditLog } from './seal-audit-log.ts';

/**
 * Starts sealing the audit log, round after round.
 *
 * @param options.everyMs from the end of a round to the next one.
 */
export function startSealer(options: {
  readonly database: Database;
  readonly everyMs: number;
  readonly log: Log;
}): Rounds {
  const { database, everyMs, log } = options;
  return startRounds({
    everyMs,
    round: async () => (await sealAuditLog(database)) > 0,
    onError: (error) => log.warn('cannot seal the audit log', { code: codeOf(error) }),
  });
}
