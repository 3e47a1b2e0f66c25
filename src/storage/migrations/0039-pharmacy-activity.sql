-- What happened with each pharmacy, hour by hour: our calls, and its webhooks (docs/adr/0051). The console shows success rate,
-- time of an answer, and refused webhooks from it. Metrics have the same numbers, but only while a process lives.
CREATE TABLE pharmacy_activity (
  pharmacy_id text NOT NULL REFERENCES pharmacies ON DELETE CASCADE,
  hour timestamptz NOT NULL,
  kind text NOT NULL CHECK (kind IN ('place', 'find', 'get', 'cancel', 'download', 'webhook')),
  code text NOT NULL,
  count bigint NOT NULL,
  duration_ms bigint NOT NULL,
  last_at timestamptz NOT NULL,
  PRIMARY KEY (pharmacy_id, hour, kind, code)
);

GRANT SELECT, INSERT, UPDATE, DELETE ON pharmacy_activity TO rx_orders_server, rx_orders_worker;
GRANT SELECT ON pharmacy_activity TO rx_orders_operator;
