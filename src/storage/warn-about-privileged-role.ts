import type { Log } from '../process/log.ts';
import type { Sql } from './database.ts';

/**
 * Warns when a program works in Postgres with more than its role's rights: as the owner of the tables or
 * as a superuser, before whom neither the wall between organizations nor the audit log's protection
 * stands (docs/adr/0025). Nothing waits for it, and it says nothing when Postgres does not serve.
 */
export function warnAboutPrivilegedRole(sql: Sql, log: Log): void {
  sql<{ strong: boolean }[]>`SELECT has_table_privilege('audit_log', 'TRUNCATE') AS strong`.then(
    ([row]) => {
      if (!row?.strong) return;
      log.warn('the role of DATABASE_URL may do more than it needs: see docs/security.md', {
        code: 'DATABASE_ROLE_TOO_STRONG',
      });
    },
    () => undefined,
  );
}
