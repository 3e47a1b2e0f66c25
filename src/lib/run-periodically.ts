import { setTimeout as sleep } from 'node:timers/promises';

/** Work that is done again and again until it is stopped. */
export interface PeriodicTask {
  /** Ends what is under way, and resolves. */
  stop(): Promise<void>;
}

/**
 * Does a round of work, another at once while there may be more to do, and the next ones after a pause.
 *
 * @param options.everyMs from the end of the last round to the next one.
 * @param options.round resolves with whether there may be more to do.
 * @param options.onError hears what a round threw; the next one comes all the same.
 */
export function runPeriodically(options: {
  readonly everyMs: number;
  readonly round: () => Promise<boolean>;
  readonly onError: (error: unknown) => void;
}): PeriodicTask {
  const { everyMs, round, onError } = options;
  const stopping = new AbortController();
  const running = run();

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        while (!stopping.signal.aborted && (await round()));
      } catch (error) {
        onError(error);
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
