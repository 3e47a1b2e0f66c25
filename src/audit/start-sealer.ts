import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../log.ts';
import { codeOf } from '../safe-error.ts';
import type { Database } from '../storage/database.ts';
import { sealAuditLog } from './seal-audit-log.ts';

/** The sealer of one process. */
export interface Sealer {
  /** Ends what is under way, and resolves. */
  stop(): Promise<void>;
}

/**
 * Starts sealing the audit log, round after round.
 *
 * @param options.everyMs from the end of a round to the next one.
 */
export function startSealer(options: {
  readonly database: Database;
  readonly everyMs: number;
  readonly log: Log;
}): Sealer {
  const { database, everyMs, log } = options;
  const stopping = new AbortController();
  const running = run();

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        while (!stopping.signal.aborted && (await sealAuditLog(database)) > 0);
      } catch (error) {
        log.warn('cannot seal the audit log', { code: codeOf(error) });
      }
      await sleep(everyMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  }

  return {
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
