/** A sleep that another part of the process can end early. */
export interface InterruptibleSleep {
  /**
   * Sleeps for `ms` milliseconds or until {@link InterruptibleSleep.wake}. If it was called since the
   * last sleep, this one ends at once. Only one sleep may run at a time.
   *
   * @returns whether the time has elapsed; false after a wake.
   */
  sleep(ms: number): Promise<boolean>;
  /** Ends the current sleep, or else the next one. */
  wake(): void;
}

/** Creates an {@link InterruptibleSleep}. */
export function createInterruptibleSleep(): InterruptibleSleep {
  let woken = false;
  let end: (() => void) | undefined;
  return {
    async sleep(ms) {
      if (!woken) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, ms);
          end = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      const elapsed = !woken;
      woken = false;
      end = undefined;
      return elapsed;
    },
    wake() {
      woken = true;
      end?.();
    },
  };
}
