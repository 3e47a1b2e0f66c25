import type { Log } from '../process/log.ts';
import type { Sql } from './database.ts';

/**
 * Warns when a program connects to Postgres with a role that can do more than the program needs
 * (docs/adr/0025, docs/adr/0035): the owner of the tables or a superuser, to whom neither row-level security
 * nor the protection of the audit log applies; or a role that can create objects, temporary ones included,
 * as after a restore into a new database. The check runs in the background and stays silent when Postgres
 * is unavailable.
 */
export function warnAboutPrivilegedRole(sql: Sql, log: Log): void {
  sql<{ strong: boolean }[]>`
    SELECT has_table_privilege('audit_log', 'TRUNCATE')
      OR has_database_privilege(current_database(), 'TEMPORARY')
      OR has_schema_privilege('public', 'CREATE') AS strong`.then(
    ([row]) => {
      if (!row?.strong) return;
      log.warn('the role of DATABASE_URL has more privileges than it needs: see docs/security.md', {
        code: 'DATABASE_ROLE_TOO_STRONG',
      });
    },
    () => undefined,
  );
}

/**
 * Returns the name of the login's role if that role lacks the rights of operators: row-level security then
 * hides rows from it without any error. Returns undefined for operators, for the owner of the tables, and
 * when the database cannot answer, because the next query reports why.
 */
export async function roleWithoutOperatorRights(sql: Sql): Promise<string | undefined> {
  try {
    const [row] = await sql<{ name: string; lacking: boolean }[]>`
      SELECT current_user::text AS name, to_regclass('orders') IS NOT NULL
        AND row_security_active(to_regclass('orders')) AND NOT EXISTS (
          SELECT FROM pg_roles
          WHERE rolname = 'rx_orders_operator' AND pg_has_role(oid, 'USAGE')) AS lacking`;
    return row?.lacking === true ? row.name : undefined;
  } catch {
    return undefined;
  }
}
