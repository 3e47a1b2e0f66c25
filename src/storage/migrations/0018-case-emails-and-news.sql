-- GET /api/v1/customer-case-detail finds a case by its patient's email. The hash is keyed with HASH_SECRET;
-- null: the patient has no email or was erased, or `rx case index-emails` has not run since this migration.
ALTER TABLE cases ADD COLUMN email_hash bytea;
CREATE INDEX cases_by_email ON cases (organization_id, email_hash, created_at) WHERE email_hash IS NOT NULL;

-- News about orders that have ended, until the workflow `orderNews` has read the order at its pharmacy. If
-- Temporal loses the workflow, the reconciler queues the news again (docs/adr/0033).
CREATE TABLE order_news (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  order_id uuid NOT NULL REFERENCES orders (id),
  restarted_at timestamptz -- when the reconciler last queued it again
);
CREATE INDEX order_news_by_order ON order_news (order_id);
ALTER TABLE order_news ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope ON order_news TO rx_orders_server
  USING (EXISTS (SELECT FROM orders WHERE orders.id = order_id));
CREATE POLICY everything ON order_news TO rx_orders_worker, rx_orders_operator USING (true);
GRANT SELECT, INSERT, DELETE ON order_news TO rx_orders_server, rx_orders_operator;
GRANT SELECT, INSERT, UPDATE, DELETE ON order_news TO rx_orders_worker;

ALTER TABLE reconciliation ADD COLUMN after_news uuid; -- the last order whose news were compared
