import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../log.ts';
import { codeOf } from '../safe-error.ts';
import type { Database } from '../storage/database.ts';
import { eraseExpired } from './erase-expired.ts';
import { finishErasures, type Remains } from './finish-erasures.ts';

/** The eraser of one process. */
export interface Eraser {
  /** Ends what is under way, and resolves. */
  stop(): Promise<void>;
}

/**
 * Starts erasing what organizations keep no longer, and finishing what was erased in Postgres. Any
 * number of processes may run one: all that it does can be done twice.
 *
 * @param options.everyMs from the end of a round to the next one.
 */
export function startEraser(
  options: Remains & { readonly database: Database; readonly everyMs: number; readonly log: Log },
): Eraser {
  const { database, everyMs, log } = options;
  const stopping = new AbortController();
  const running = run();

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        while (!stopping.signal.aborted && (await round()));
      } catch (error) {
        log.warn('cannot finish what was erased', { code: codeOf(error) });
      }
      await sleep(everyMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  }

  /** Whether there may be more to do. */
  async function round(): Promise<boolean> {
    const expired = await eraseExpired(database);
    if (expired > 0) log.info('orders were erased: their time was up', { count: expired });
    const finished = await finishErasures(database, options);
    if (finished > 0) log.info('erasures are finished', { count: finished });
    return expired + finished > 0;
  }

  return {
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
