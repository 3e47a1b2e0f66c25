-- Every list reads the rows of its page and few others, whatever its filters are and however many rows the organization
-- has (docs/adr/0043). A list with one filter of an index but not the other reads a page for each value of the other.
--
-- A run that was interrupted starts again, so that every statement can be repeated.
DROP INDEX CONCURRENTLY IF EXISTS orders_of_pharmacy;
CREATE INDEX CONCURRENTLY orders_of_pharmacy
  ON orders (organization_id, pharmacy_id, status, created_at DESC, id DESC);

DROP INDEX CONCURRENTLY IF EXISTS events_by_name;
CREATE INDEX CONCURRENTLY events_by_name ON events (organization_id, event, transaction_id, position);

DROP INDEX CONCURRENTLY IF EXISTS webhook_deliveries_by_event;
CREATE INDEX CONCURRENTLY webhook_deliveries_by_event ON webhook_deliveries (endpoint_id, event, status, id);

-- Also for the foreign key, which Postgres checks when an erasure deletes documents.
DROP INDEX CONCURRENTLY IF EXISTS documents_superseding;
CREATE INDEX CONCURRENTLY documents_superseding ON documents (supersedes) WHERE supersedes IS NOT NULL;

-- Nothing reads these any more. Without the last one, the lease of a delivery changes no index.
DROP INDEX CONCURRENTLY IF EXISTS webhook_deliveries_of_endpoint;
DROP INDEX CONCURRENTLY IF EXISTS webhook_deliveries_locked;
