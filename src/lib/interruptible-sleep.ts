/** A sleep that can be cut short. */
export interface InterruptibleSleep {
  /** Sleeps for `ms`, or until woken; a wake that came since the last sleep counts. */
  sleep(ms: number): Promise<void>;
  wake(): void;
}

/** Makes a waker; one sleeper at a time. */
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
      woken = false;
      end = undefined;
    },
    wake() {
      woken = true;
      end?.();
    },
  };
}
