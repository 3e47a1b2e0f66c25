/** Bounds how many pieces of work run at once, over all and by key. */
export interface Slots {
  /** Runs work when there is room; rejects when the signal says to wait no longer. */
  use<T>(key: string, signal: AbortSignal, work: () => Promise<T>): Promise<T>;
}

/**
 * Node's agents have such bounds, too, but idle connections count there, and a host with all its
 * connections in use holds up the others' requests. Here whoever has room goes, the first come first.
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
