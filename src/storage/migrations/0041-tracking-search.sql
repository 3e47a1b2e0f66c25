-- Operators find an order by the number of a parcel (docs/adr/0051): a hash with the deployment's secret, because `tracking_hash`
-- has the key of one order. NULL: stored before this migration.
ALTER TABLE shipments ADD COLUMN search_hash bytea;
