import postgres from 'postgres';

/** The most connections that Postgres had at once, by role. */
export interface Peak {
  readonly total: number;
  readonly limit: number;
  readonly byRole: Readonly<Record<string, number>>;
}

/**
 * Samples the connections of Postgres each second.
 *
 * @param superuserUrl the URL of the database `postgres` for its superuser.
 * @returns a function that stops sampling and returns the peak, without the connection of the sampling.
 */
export function watchConnections(superuserUrl: string): () => Promise<Peak> {
  const sql = postgres(superuserUrl, {
    max: 1,
    connect_timeout: 5,
    onnotice: () => undefined,
    // A connection that breaks while the library queries types would end the process (src/storage/database.ts).
    fetch_types: false,
  });
  let total = 0;
  let limit = 0;
  const byRole: Record<string, number> = {};
  let sampling: Promise<void> = Promise.resolve();

  async function sample(): Promise<void> {
    try {
      const rows = await sql<{ role: string; count: number; limit: number }[]>`
        SELECT usename AS role, count(*)::int, current_setting('max_connections')::int AS limit
        FROM pg_stat_activity WHERE backend_type = 'client backend' AND usename <> 'postgres' GROUP BY 1`;
      total = Math.max(total, ...[rows.reduce((sum, { count }) => sum + count, 0)]);
      for (const { role, count, limit: most } of rows) {
        byRole[role] = Math.max(byRole[role] ?? 0, count);
        limit = most;
      }
    } catch {
      // Postgres was killed just now.
    }
  }

  const timer = setInterval(() => {
    sampling = sampling.then(sample);
  }, 1_000);
  return async () => {
    clearInterval(timer);
    await sampling;
    await sql.end({ timeout: 1 });
    return { total, limit, byRole };
  };
}
