-- What operators see first reads few rows, however many orders there are (docs/adr/0043): open orders are counted in an index
-- that has nothing else, and a search of the audit log by time begins at a seal of that time. Without these indexes the
-- one visits each open order in its table, and the other reads every seal since, up to 14,400 a day.
--
-- A run that was interrupted starts again, so that every statement can be repeated.
DROP INDEX CONCURRENTLY IF EXISTS orders_open_of_pharmacy;
CREATE INDEX CONCURRENTLY orders_open_of_pharmacy ON orders (status, pharmacy_id, created_at)
  WHERE status NOT IN ('COMPLETED', 'REJECTED', 'CANCELLED', 'EXPIRED');

DROP INDEX CONCURRENTLY IF EXISTS audit_seals_by_time;
CREATE INDEX CONCURRENTLY audit_seals_by_time ON audit_seals (at, number);
