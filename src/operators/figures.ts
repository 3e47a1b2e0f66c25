import type postgres from 'postgres';
import type { OrderStatus } from '../contract/order.ts';
import type { Sql } from '../storage/database.ts';
import { type Backlogs, readBacklogs } from './backlogs.ts';

/** What the metrics of a worker report from Postgres. */
export interface Figures {
  readonly backlogs: Backlogs;
  /** Open orders of each status and pharmacy. */
  readonly openOrders: readonly OpenOrders[];
  /** Age of the oldest row of each lane of the outbox, in seconds; 0 for an empty one. */
  readonly outboxSeconds: { readonly starts: number; readonly others: number };
  /** Age of the oldest row of the audit log that no seal covers, in seconds; 0 without one. */
  readonly unsealedAuditSeconds: number;
  /** Age of the oldest row of each table that can be pruned, in seconds; 0 for an empty one. */
  readonly oldestRowSeconds: Readonly<Record<OldestRow, number>>;
  readonly postgres: PostgresState;
}

type OldestRow = 'events' | 'webhook_deliveries' | 'inbox' | 'audit_log';

/** Open orders of one status at one pharmacy. */
interface OpenOrders {
  readonly status: OrderStatus;
  /** null: no pharmacy with the id that the orders name is set up. */
  readonly pharmacyId: string | null;
  readonly count: number;
  /** Age of the oldest of them, in seconds. */
  readonly oldestSeconds: number;
}

interface PostgresState {
  /** The time of Postgres when it answered, in milliseconds since the epoch. */
  readonly nowMs: number;
  /** Connections of all its databases and clients. */
  readonly connections: number;
  /** The most connections that roles without special rights can open together. */
  readonly mostConnections: number;
}

/** Without a round for so long, another process takes over. */
const LEASE_SECONDS = 90;

/**
 * Makes this process the one that reads the figures, or keeps it so.
 *
 * @param holder names the process.
 * @returns false while another process reads them.
 */
export async function leadFigures(sql: Sql, holder: string): Promise<boolean> {
  const held = await sql`
    UPDATE reconciliation SET figures_by = ${holder}, figures_at = now()
    WHERE figures_by = ${holder} OR figures_at IS NULL
      OR figures_at < now() - ${LEASE_SECONDS}::int * interval '1 second'
    RETURNING true`;
  return held.length > 0;
}

/** Lets another process read the figures at once. */
export async function leaveFigures(sql: Sql, holder: string): Promise<void> {
  await sql`UPDATE reconciliation SET figures_by = NULL, figures_at = NULL WHERE figures_by = ${holder}`;
}

/** Reads all figures. The queries read open work through its indexes, and nothing of a patient or an organization. */
export async function readFigures(sql: Sql): Promise<Figures> {
  const backlogs = await readBacklogs(sql);
  // The statuses as literals: only so does Postgres take the index of open orders.
  const openOrders = await sql<OpenOrders[]>`
    SELECT status, pharmacies.id AS pharmacy_id, count,
      extract(epoch FROM now() - oldest)::float8 AS oldest_seconds
    FROM (SELECT status, pharmacy_id, count(*)::int AS count, min(created_at) AS oldest FROM orders
      WHERE status NOT IN ('COMPLETED', 'REJECTED', 'CANCELLED', 'EXPIRED')
      GROUP BY status, pharmacy_id) AS open
    LEFT JOIN pharmacies ON pharmacies.id = open.pharmacy_id`;
  const age = (oldest: postgres.PendingQuery<postgres.Row[]>) =>
    sql`greatest(coalesce(extract(epoch FROM clock_timestamp() - ${oldest}), 0), 0)::float8`;
  const ofLane = (lane: string) => sql`(SELECT min(created_at) FROM outbox WHERE lane = ${lane})`;
  const [row] = await sql<
    (PostgresState & {
      starts: number;
      others: number;
      unsealed: number;
      oldest: Record<OldestRow, number>;
    })[]
  >`
    SELECT ${age(ofLane('starts'))} AS starts, ${age(ofLane('others'))} AS others,
      ${age(sql`(
        SELECT at FROM audit_log
        WHERE (transaction_id, id) > (
          coalesce((SELECT last_transaction_id FROM audit_head), '0'),
          coalesce((SELECT last_id FROM audit_head), 0))
        ORDER BY transaction_id, id LIMIT 1)`)} AS unsealed,
      json_build_object(
        'events', ${age(sql`(SELECT created_at FROM events ORDER BY id LIMIT 1)`)},
        'webhook_deliveries', ${age(sql`(SELECT created_at FROM webhook_deliveries ORDER BY id LIMIT 1)`)},
        'inbox', ${age(sql`(SELECT received_at FROM inbox ORDER BY id LIMIT 1)`)},
        'audit_log', ${age(sql`(SELECT at FROM audit_log ORDER BY transaction_id, id LIMIT 1)`)}
      ) AS oldest,
      (SELECT sum(numbackends)::int FROM pg_stat_database) AS connections,
      current_setting('max_connections')::int
        - current_setting('superuser_reserved_connections')::int AS most_connections,
      extract(epoch FROM clock_timestamp())::float8 * 1000 AS now_ms`;
  if (row === undefined) throw new Error('Postgres returned no figures');
  const { starts, others, unsealed, oldest, ...postgres } = row;
  return {
    backlogs,
    openOrders,
    outboxSeconds: { starts, others },
    unsealedAuditSeconds: unsealed,
    oldestRowSeconds: oldest,
    postgres,
  };
}
