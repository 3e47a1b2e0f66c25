import { setTimeout as sleep } from 'node:timers/promises';

/** A task that runs periodically until it is stopped. */
export interface PeriodicTask {
  /** Waits for the round that is running, and starts no other. */
  stop(): Promise<void>;
}

/**
 * Runs a task in rounds. While a round reports that more work may remain, the next one follows at once;
 * otherwise it follows after a pause.
 *
 * @param options.everyMs length of the pause, in milliseconds.
 * @param options.round does one round; resolves with true if more work may remain.
 * @param options.onError receives the error of a failed round. The task continues after a pause.
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
