import type { PruneBatch } from './prune-rows.ts';

/**
 * Deletes rows and seals of the audit log whose archive is older than the time of the range. Postgres refuses to delete any
 * other (migration 0038).
 */
export const pruneAudit: PruneBatch = async (database, { before, most }) => {
  // One at a time: an archive is pruned after all earlier ones.
  for (let begun = 1; begun > 0; ) {
    const archives = await database`
      UPDATE audit_archives SET pruned_at = now()
      WHERE pruned_at IS NULL AND sealed_at < ${before}
        AND number = (SELECT min(number) FROM audit_archives WHERE pruned_at IS NULL)`;
    begun = archives.count;
  }
  const rows = await database`
    DELETE FROM audit_log WHERE id IN (
      SELECT id FROM audit_log WHERE (transaction_id, id) <= (
        SELECT last_transaction_id, last_id FROM audit_archives WHERE pruned_at IS NOT NULL
        ORDER BY number DESC LIMIT 1)
      ORDER BY transaction_id, id LIMIT ${most})`;
  const seals = await database`
    DELETE FROM audit_seals WHERE number IN (
      SELECT number FROM audit_seals WHERE number <= (
        SELECT max(number) FROM audit_archives WHERE pruned_at IS NOT NULL)
      ORDER BY number LIMIT ${most})`;
  const isFull = rows.count === most || seals.count === most;
  return {
    deleted: { audit_log: rows.count, audit_seals: seals.count },
    last: isFull ? 'more' : null,
  };
};
