import type { Sql } from '../storage/database.ts';

/** What Temporal has not been told yet. */
export interface OutboxBacklog {
  /** Rows. */
  readonly depth: number;
  /** Age of the oldest, in seconds; 0 when there is none. */
  readonly oldestSeconds: number;
  /** Rows that were tried in vain at least once. */
  readonly failing: number;
}

/** Measures the outbox. */
export async function readOutboxBacklog(sql: Sql): Promise<OutboxBacklog> {
  const [backlog] = await sql<OutboxBacklog[]>`
    SELECT count(*)::int AS depth,
      coalesce(extract(epoch FROM now() - min(created_at)), 0)::float8 AS oldest_seconds,
      count(*) FILTER (WHERE attempts > 0)::int AS failing
    FROM outbox`;
  return backlog ?? { depth: 0, oldestSeconds: 0, failing: 0 };
}
