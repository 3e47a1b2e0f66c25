import type { Log } from '../process/log.ts';
import type { Sql } from './database.ts';

/**
 * Warns when a program connects to Postgres as the owner of the tables or as a superuser. Neither
 * row-level security nor the protection of the audit log applies to such a role (docs/adr/0025). The
 * check runs in the background and stays silent when Postgres is unavailable.
 */
export function warnAboutPrivilegedRole(sql: Sql, log: Log): void {
  sql<{ strong: boolean }[]>`SELECT has_table_privilege('audit_log', 'TRUNCATE') AS strong`.then(
    ([row]) => {
      if (!row?.strong) return;
      log.warn('the role of DATABASE_URL has more privileges than it needs: see docs/security.md', {
        code: 'DATABASE_ROLE_TOO_STRONG',
      });
    },
    () => undefined,
  );
}
