import type { Database } from './database.ts';

/** Rows that this process has read within the last second, by an id. */
export interface NotifiedCache<Row> {
  find(id: string): Row | undefined;
  /**
   * Reads a row and keeps it, unless rows have changed meanwhile.
   *
   * @param read reads the row from the database.
   */
  load<Found extends Row>(
    id: string,
    read: () => Promise<Found | undefined>,
  ): Promise<Found | undefined>;
}

/** How long a row is kept. A change takes effect after this time, even if its notification was lost. */
const KEPT_MS = 1_000;
/** Beyond so many rows, all are read again. */
const MAX_ROWS = 10_000;

/**
 * Creates a cache of rows that change rarely. A trigger notifies the channel of every change, so that a
 * change takes effect within milliseconds.
 *
 * @param channel the Postgres channel (`NOTIFY`).
 * @param options.keptMs for how long a row may be kept, in milliseconds, if for less than a second.
 * @param options.now a monotonic clock in milliseconds.
 */
export function createNotifiedCache<Row>(
  database: Database,
  channel: string,
  {
    keptMs = () => KEPT_MS,
    now = () => performance.now(),
  }: { readonly keptMs?: (row: Row) => number; readonly now?: () => number } = {},
): NotifiedCache<Row> {
  const kept = new Map<string, { readonly row: Row; readonly until: number }>();
  let changes = 0;

  function forget(): void {
    changes += 1;
    kept.clear();
  }
  // Also after each new connection, because a notification may have been lost with the previous one. If it
  // fails, the time limit still holds.
  database.listen(channel, forget, forget).catch(() => undefined);

  return {
    find(id) {
      const found = kept.get(id);
      return found !== undefined && now() < found.until ? found.row : undefined;
    },
    async load(id, read) {
      const [readAt, seen] = [now(), changes];
      const row = await read();
      if (row === undefined || seen !== changes) return row;
      if (kept.size >= MAX_ROWS) kept.clear();
      kept.set(id, { row, until: readAt + Math.min(KEPT_MS, keptMs(row)) });
      return row;
    },
  };
}
