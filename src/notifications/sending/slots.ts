/** Limits how much work runs at the same time, in total and by key. */
export interface Slots {
  /**
   * Runs the work as soon as a slot is free.
   *
   * @throws {Error} the signal was aborted while it waited.
   */
  use<T>(key: string, signal: AbortSignal, work: () => Promise<T>): Promise<T>;
}

/**
 * Creates slots. Node's agents have limits too, but they count idle connections, and a host that uses all
 * its connections blocks the requests to others. Here the first waiter whose key has a free slot runs.
 */
export function createSlots(limits: { readonly total: number; readonly perKey: number }): Slots {
  const running = new Map<string, number>();
  const waiting = new Set<{ readonly key: string; readonly go: () => void }>();
  let total = 0;

  const count = (key: string, change: 1 | -1) => {
    const now = (running.get(key) ?? 0) + change;
    if (now === 0) running.delete(key);
    else running.set(key, now);
    total += change;
  };
  const hasRoom = (key: string) => total < limits.total && (running.get(key) ?? 0) < limits.perKey;

  function release(key: string): void {
    count(key, -1);
    for (const waiter of waiting) {
      if (!hasRoom(waiter.key)) continue;
      waiting.delete(waiter);
      count(waiter.key, 1);
      waiter.go();
      return;
    }
  }

  function wait(key: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const giveUp = () => {
        waiting.delete(waiter);
        reject(new Error('waited too long'));
      };
      const waiter = {
        key,
        go: () => {
          signal.removeEventListener('abort', giveUp);
          resolve();
        },
      };
      waiting.add(waiter);
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }

  return {
    async use(key, signal, work) {
      if (hasRoom(key)) count(key, 1);
      else await wait(key, signal);
      try {
        return await work();
      } finally {
        release(key);
      }
    },
  };
}
