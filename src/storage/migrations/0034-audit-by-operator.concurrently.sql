-- `rx audit list --operator` and `--case` read their rows, however long the log is (docs/adr/0043).
--
-- A run that was interrupted starts again, so that every statement can be repeated.
DROP INDEX CONCURRENTLY IF EXISTS audit_log_of_operator;
CREATE INDEX CONCURRENTLY audit_log_of_operator ON audit_log (actor, transaction_id, id)
  WHERE actor_kind = 'operator';

DROP INDEX CONCURRENTLY IF EXISTS audit_log_of_case;
CREATE INDEX CONCURRENTLY audit_log_of_case ON audit_log (case_id, transaction_id, id)
  WHERE case_id IS NOT NULL;
