-- The index of 0041-tracking-search.sql.
--
-- A run that was interrupted starts again, so that every statement can be repeated.
DROP INDEX CONCURRENTLY IF EXISTS shipments_by_search;
CREATE INDEX CONCURRENTLY shipments_by_search ON shipments (search_hash) WHERE search_hash IS NOT NULL;
