import { type Rounds, startRounds } from '../lib/rounds.ts';
import { codeOf } from '../lib/safe-error.ts';
import type { Log } from '../process/log.ts';
import type { Database } from '../storage/database.ts';
import { eraseExpired } from './erase-expired.ts';
import { finishErasures, type Remains } from './finish-erasures.ts';

/**
 * Starts erasing what organizations keep no longer, and finishing what was erased in Postgres. Any
 * number of processes may run one: all that it does can be done twice.
 *
 * @param options.everyMs from the end of a round to the next one.
 */
export function startEraser(
  options: Remains & { readonly database: Database; readonly everyMs: number; readonly log: Log },
): Rounds {
  const { database, everyMs, log } = options;
  return startRounds({
    everyMs,
    async round() {
      const expired = await eraseExpired(database);
      if (expired > 0) log.info('orders were erased: their time was up', { count: expired });
      const finished = await finishErasures(database, options);
      if (finished > 0) log.info('erasures are finished', { count: finished });
      return expired + finished > 0;
    },
    onError: (error) => log.warn('cannot finish what was erased', { code: codeOf(error) }),
  });
}
