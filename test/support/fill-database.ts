import type { Database } from '../../src/storage/database.ts';
import { openDatabase } from '../../src/storage/database.ts';

/*
 * A database of any size, of which only the common rows become more: almost all orders belong to one organization and
 * one pharmacy and have ended. The rare rows (delayed, failed, of the other pharmacy) stay the same few, and old, so that a
 * list that has no index for them reads past all others.
 */

/** What the lists of a filled database are asked for. */
export const FILLED = {
  organizationId: '0198a000-0000-7000-8000-00000000aaaa',
  otherOrganizationId: '0198a000-0000-7000-8000-00000000bbbb',
  endpointId: '0198a000-0000-7000-8000-00000000eeee',
  quietEndpointId: '0198a000-0000-7000-8000-00000000ffff',
  pharmacyId: 'common-pharmacy',
  rarePharmacyId: 'rare-pharmacy',
  /** A case with ten orders. */
  caseId: 'case-3',
  /** Who read a few of the oldest orders. */
  operator: 'anna',
} as const;

/** Orders of every kind that stays rare. */
const RARE = 7;
/** Rows of the log that no seal covers. */
const UNSEALED = 50;

/** Fills an empty, migrated database. @param url logs in as the superuser. */
export async function fillDatabase(url: string, orders: number): Promise<void> {
  const sql = openDatabase(url, 1, {
    statementLimitMs: 0,
    // Skips triggers and foreign keys, which would take hours.
    settings: {
      session_replication_role: 'replica',
      synchronous_commit: 'off',
      maintenance_work_mem: '512MB',
      idle_in_transaction_session_timeout: '0',
    },
  });
  try {
    await sql`SET lock_timeout = 0`; // autovacuum may hold the locks for longer than the default
    const indexes = await dropIndexes(sql);
    await fillOrders(sql, orders);
    await fillEvents(sql);
    await fillAudit(sql);
    for (const definition of indexes) await sql.unsafe(definition);
    // Sets the visibility map, as autovacuum does in production.
    await sql`VACUUM ANALYZE`;
  } finally {
    await sql.end();
  }
}

/** Drops the indexes that no constraint needs: creating them at the end is quicker. @returns their definitions. */
async function dropIndexes(sql: Database): Promise<string[]> {
  const rows = await sql<{ name: string; definition: string }[]>`
    SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition
    FROM pg_index JOIN pg_class ON pg_class.oid = indrelid
    WHERE relnamespace = 'public'::regnamespace
      AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)`;
  for (const { name } of rows) await sql.unsafe(`DROP INDEX ${name}`);
  return rows.map(({ definition }) => definition);
}

/** An id that sorts by its time, as those of version 7 do. Only Postgres 18 makes one of another time. */
function idAt(sql: Database, at: ReturnType<Database>) {
  return sql`
    encode(overlay(uuid_send(gen_random_uuid())
      PLACING substring(int8send((extract(epoch FROM ${at}) * 1000)::bigint) FROM 3) FROM 1 FOR 6), 'hex')::uuid`;
}

async function fillOrders(sql: Database, orders: number): Promise<void> {
  await sql`
    INSERT INTO organizations (id, name, retention_days) VALUES
      (${FILLED.organizationId}, 'large', 3650), (${FILLED.otherOrganizationId}, 'small', 3650)`;
  await sql`
    INSERT INTO pharmacies (id, kind, base_url, token, webhook_auth, webhook_auth_kind)
    SELECT id, 'rest', 'https://pharmacy.example', 'sealed', 'sealed', 'token'
    FROM unnest(${[FILLED.pharmacyId, FILLED.rarePharmacyId]}::text[]) AS id`;
  await sql`
    INSERT INTO cases (id, organization_id, email_hash)
    SELECT 'case-' || n, organizations.id, sha256(n::text::bytea)
    FROM organizations, generate_series(0, ${orders}::int / 10) AS n`;
  // Row n is older than row n + 1. The rare kinds are the oldest.
  await sql`
    INSERT INTO orders (id, organization_id, case_id, pharmacy_id, status, fingerprint, idempotency_hash, prescription,
      pharmacy_order_id, created_at, updated_at, delay_code, delay_since, delay_attempts, delay_next_at)
    SELECT ${idAt(sql, sql`now() + age`)}, CASE WHEN n % 100 = 99 THEN ${FILLED.otherOrganizationId}::uuid
        ELSE ${FILLED.organizationId}::uuid END, 'case-' || (n / 10),
      CASE WHEN kind = 1 THEN ${FILLED.rarePharmacyId} ELSE ${FILLED.pharmacyId} END,
      CASE kind WHEN 2 THEN 'NEEDS_ATTENTION' WHEN 3 THEN 'AWAITING_COMPLETION' WHEN 4 THEN 'PLACING'
        WHEN 5 THEN 'REJECTED' ELSE 'COMPLETED' END,
      sha256(n::text::bytea), sha256(n::text::bytea), repeat('x', 200), 'at-pharmacy-' || n, now() + age, now() + age,
      CASE WHEN kind = 4 THEN 'PHARMACY_HTTP_503' END, CASE WHEN kind = 4 THEN now() + age END,
      CASE WHEN kind = 4 THEN 3 END, CASE WHEN kind = 4 THEN now() END
    FROM generate_series(0, ${orders - 1}) AS n,
      LATERAL (SELECT (n - ${orders}::int) * interval '1 minute' AS age,
        CASE WHEN n < ${RARE * 6} THEN n % 6 WHEN n % 20 = 7 THEN 3 ELSE 0 END AS kind) AS row`;
  await sql`
    INSERT INTO order_activity (order_id, at, actor, event, to_status)
    SELECT id, created_at, 'system', 'STATUS_CHANGED', to_status
    FROM orders, unnest(ARRAY['ACCEPTED', 'PLACING', 'AWAITING_COMPLETION', 'COMPLETED']) AS to_status ORDER BY id`;
  await sql`
    INSERT INTO documents (id, order_id, pharmacy_document_id, name, content_type, size, sha256, storage_key, created_at)
    SELECT ${idAt(sql, sql`created_at`)}, id, 'document', 'sealed', 'application/pdf', 1, '', id || '/document', created_at
    FROM orders`;
  await sql`
    INSERT INTO shipments (order_id, tracking_hash, search_hash, tracking_id, added_at)
    SELECT id, sha256(id::text::bytea), sha256(id::text::bytea), 'sealed', created_at FROM orders`;
}

async function fillEvents(sql: Database): Promise<void> {
  await sql`
    INSERT INTO webhook_endpoints (id, organization_id, url, secret)
    SELECT id, ${FILLED.organizationId}::uuid, 'https://receiver.example', 'sealed'
    FROM unnest(${[FILLED.endpointId, FILLED.quietEndpointId]}::uuid[]) AS id`;
  // The transactions of this cluster so far, in turn: each has its share of the events.
  await sql`
    INSERT INTO events (id, transaction_id, organization_id, order_id, sequence, event, content, created_at)
    SELECT ${idAt(sql, sql`created_at`)}, ${transaction(sql)}, organization_id, orders.id, place,
      CASE WHEN kind = 1 AND place = 2 THEN 'ORDER_TRACKING_ADDED'
        ELSE (ARRAY['ORDER_CREATED', 'ADD_CASE_ATTACHMENT', 'ORDER_STATUS_CHANGED'])[place] END,
      jsonb_build_object('order', jsonb_build_object('id', orders.id, 'status', status, 'reason', NULL, 'createdAt', created_at),
        'case', jsonb_build_object('id', case_id, 'status', status, 'createdAt', created_at, 'updatedAt', created_at),
        'trackingId', 'sealed', 'attachment', jsonb_build_object('id', orders.id, 'orderId', orders.id, 'fileName', 'sealed',
          'createdAt', created_at, 'pharmacyId', pharmacy_id, 'contentType', 'application/pdf', 'size', 1, 'sha256', '', 'storageKey', '')),
      created_at
    FROM (SELECT *, row_number() OVER (ORDER BY id) AS n, count(*) OVER () AS total,
        CASE WHEN pharmacy_id = ${FILLED.rarePharmacyId} THEN 1 END AS kind FROM orders) AS orders,
      generate_series(1, 3) AS place ORDER BY n, place`;
  // An event of each order is delivered, the rare ones to the quiet endpoint. A few wait, failed or are retried.
  await sql`
    INSERT INTO webhook_deliveries (id, organization_id, endpoint_id, event_id, event, status, next_attempt_at, created_at)
    SELECT ${idAt(sql, sql`events.created_at`)}, events.organization_id,
      CASE WHEN pharmacy_id = ${FILLED.rarePharmacyId} THEN ${FILLED.quietEndpointId}::uuid ELSE ${FILLED.endpointId}::uuid END,
      events.id, event,
      CASE orders.status WHEN 'NEEDS_ATTENTION' THEN 'DEAD' WHEN 'PLACING' THEN 'PENDING'
        WHEN 'REJECTED' THEN 'RETRYING' ELSE 'DELIVERED' END,
      CASE WHEN orders.status IN ('PLACING', 'REJECTED') THEN now() + interval '1 hour' END, events.created_at
    FROM events JOIN orders ON orders.id = order_id
    WHERE events.organization_id = ${FILLED.organizationId} AND sequence IN (2, 3) ORDER BY events.position`;
  await sql`
    INSERT INTO webhook_attempts (delivery_id, at, duration_ms, status_code)
    SELECT id, created_at, 10, 200 FROM webhook_deliveries ORDER BY id`;
  await sql`
    INSERT INTO inbox (pharmacy_id, webhook_id, type, pharmacy_order_id, order_id, received_at)
    SELECT pharmacy_id, 'message-' || id, 'order.completed', pharmacy_order_id,
      CASE WHEN status <> 'REJECTED' THEN id END, created_at FROM orders ORDER BY id`;
}

async function fillAudit(sql: Database): Promise<void> {
  await sql`
    INSERT INTO audit_log (at, transaction_id, actor_kind, actor, action, organization_id, case_id, order_id, result)
    SELECT created_at, ${transaction(sql)}, CASE WHEN n <= ${RARE} THEN 'operator' ELSE 'system' END,
      CASE WHEN n <= ${RARE} THEN ${FILLED.operator} ELSE 'worker' END, action, organization_id, case_id, orders.id, 'OK'
    FROM (SELECT *, row_number() OVER (ORDER BY id) AS n, count(*) OVER () AS total FROM orders) AS orders,
      unnest(ARRAY['ORDER_PLACED', 'ORDER_READ', 'DOCUMENT_READ']) AS action ORDER BY n`;
  // A seal for the rows of each order, which come within the seconds of a seal. Their hashes are not those of the rows: nothing here verifies them.
  await sql`
    INSERT INTO audit_seals (number, at, first_transaction_id, first_id, last_transaction_id, last_id, count, previous, hash)
    SELECT row_number() OVER (ORDER BY place), max(at), min(transaction_id), min(id), max(transaction_id), max(id), count(*),
      '', sha256(place::text::bytea)
    FROM (SELECT *, (id - 1) / 3 AS place FROM audit_log ORDER BY id DESC OFFSET ${UNSEALED}) AS sealed GROUP BY place`;
  await sql`
    INSERT INTO audit_head (number, hash, last_transaction_id, last_id)
    SELECT number, hash, last_transaction_id, last_id FROM audit_seals ORDER BY number DESC LIMIT 1`;
}

/** Spreads the rows over the transactions that have ended. */
function transaction(sql: Database) {
  return sql`(3 + n * (pg_snapshot_xmin(pg_current_snapshot())::text::bigint - 4) / total)::text::xid8`;
}
