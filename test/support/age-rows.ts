import type { Database } from '../../src/storage/database.ts';
import { inTransaction } from '../../src/storage/transaction.ts';

/**
 * Makes the rows of a database older, with the times in their ids, as if it had been left alone for some days. Cursors stay
 * valid: positions are no times.
 *
 * @param asSuperuser may skip triggers and foreign keys.
 */
export async function ageRows(asSuperuser: Database, days: number): Promise<void> {
  const age = `interval '${days} days'`;
  const id = (column: string) => `
    encode(overlay(uuid_send(${column}) PLACING substring(int8send(
      ('x0000' || encode(substring(uuid_send(${column}) FOR 6), 'hex'))::bit(64)::bigint
      - ${days}::bigint * 86400000) FROM 3) FROM 1 FOR 6), 'hex')::uuid`;
  await inTransaction(asSuperuser, async (sql) => {
    for (const statement of [
      'SET LOCAL session_replication_role = replica',
      `UPDATE orders SET created_at = created_at - ${age}, updated_at = updated_at - ${age}`,
      `UPDATE events SET id = ${id('id')}, created_at = created_at - ${age}`,
      `UPDATE webhook_deliveries SET id = ${id('id')}, event_id = ${id('event_id')},
        created_at = created_at - ${age}, delivered_at = delivered_at - ${age},
        next_attempt_at = next_attempt_at - ${age}`,
      `UPDATE webhook_attempts SET delivery_id = ${id('delivery_id')}, at = at - ${age}`,
      `UPDATE inbox SET received_at = received_at - ${age}`,
    ]) {
      await sql.unsafe(statement);
    }
  });
}
