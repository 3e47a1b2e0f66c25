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
