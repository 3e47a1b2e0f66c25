/** Concurrent starts of orders: at first, and at least. */
const [FIRST, LEAST] = [4, 2];
/** Even with idle cores, one process cannot use more. */
const MOST = 64;
/** The window grows while fewer starts than this wait for something, and shrinks while more do. */
const [FEW_WAITING, MANY_WAITING] = [2, 4];
/** How often the shortest time is measured again, in milliseconds, and by how many starts. */
const MEASURE_EVERY_MS = 60_000;
const MEASURED_STARTS = 4;

/** How many orders a dispatcher may start at the same time; see {@link createStartWindow}. */
export interface StartWindow {
  size(): number;
  /**
   * Counts an order that a worker took.
   *
   * @param tookMs the time since its start was leased, in milliseconds.
   * @param inHand how many orders were being started when it was leased.
   */
  taken(tookMs: number, inHand: number): void;
  /** Counts an order that no worker took in time. */
  timedOut(): void;
}

/**
 * Creates a window that adapts to the worker's cores and to the distance of Temporal, as TCP Vegas adapts to a
 * network (Brakmo and Peterson, 1995). A start that waits for a busy core takes longer than the shortest one; a
 * start that waits for a distant Temporal does not. So the window holds as many starts
 * as the way to Temporal and back needs, and few that only wait for their turn: those wait in the outbox, where
 * organizations take turns (docs/adr/0008).
 *
 * Once a minute a few starts go nearly alone, which measures the shortest time again. Otherwise a long burst would
 * make its own waiting time the shortest.
 *
 * @param now a monotonic clock in milliseconds.
 */
export function createStartWindow(now: () => number = () => performance.now()): StartWindow {
  let size = FIRST;
  let shortestMs = Infinity;
  let toMeasure = 0;
  let measuredAt = now();

  /** @returns whether the start went nearly alone, so that it only measures. */
  function measure(tookMs: number, inHand: number): boolean {
    if (toMeasure === 0 || inHand > LEAST) return false;
    shortestMs = Math.min(toMeasure === MEASURED_STARTS ? Infinity : shortestMs, tookMs);
    toMeasure -= 1;
    measuredAt = now();
    return true;
  }

  return {
    size: () => (toMeasure > 0 ? LEAST : size),
    taken(tookMs, inHand) {
      if (measure(tookMs, inHand)) return;
      shortestMs = Math.min(shortestMs, tookMs);
      const waiting = inHand * (1 - shortestMs / Math.max(tookMs, 1e-3));
      // A window that is not used says nothing about a larger one.
      if (waiting < FEW_WAITING && inHand >= size) size = Math.min(MOST, size + 1);
      if (waiting > MANY_WAITING) size = Math.max(LEAST, size - 1);
      if (toMeasure === 0 && now() - measuredAt >= MEASURE_EVERY_MS) toMeasure = MEASURED_STARTS;
    },
    timedOut() {
      size = Math.max(LEAST, Math.floor(size / 2));
    },
  };
}
