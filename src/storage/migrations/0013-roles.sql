-- What each program may do, and which rows the server sees (docs/adr/0025). The owner of the tables
-- only migrates; the roles below are what the programs log in as, or are members of.
DO $$
DECLARE
  wanted text;
BEGIN
  FOREACH wanted IN ARRAY ARRAY['rx_orders_server', 'rx_orders_worker', 'rx_orders_operator'] LOOP
    CONTINUE WHEN EXISTS (SELECT FROM pg_roles WHERE rolname = wanted);
    BEGIN
      EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
    EXCEPTION
      WHEN duplicate_object OR unique_violation THEN NULL; -- made for another database meanwhile
      WHEN insufficient_privilege THEN
        RAISE EXCEPTION 'the role % is missing, and % may not create it: have an administrator run CREATE ROLE %',
          wanted, current_user, wanted USING ERRCODE = 'insufficient_privilege';
    END;
  END LOOP;
END $$;

-- The server says for each transaction whose it is. Without it, it sees nothing.
CREATE FUNCTION scope_organization() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
  RETURN nullif(current_setting('rx.organization', true), '')::uuid;
CREATE FUNCTION scope_pharmacy() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
  RETURN nullif(current_setting('rx.pharmacy', true), '');

-- Whoever holds a signed link names a document, not an organization.
CREATE FUNCTION organization_of_document(document uuid) RETURNS uuid
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT
  RETURN (SELECT organization_id FROM documents JOIN orders ON orders.id = order_id
    WHERE documents.id = document);
REVOKE EXECUTE ON FUNCTION organization_of_document FROM PUBLIC;
GRANT EXECUTE ON FUNCTION organization_of_document TO rx_orders_server;

-- Events follow from the timeline by this trigger alone, so its caller needs no right to write them.
ALTER FUNCTION tell_of_activity() SECURITY DEFINER SET search_path FROM CURRENT;

-- What /metrics counts over all organizations: neither ids nor anything of anybody.
CREATE VIEW order_statuses AS SELECT status FROM orders;
CREATE VIEW unmatched_messages AS SELECT received_at FROM inbox WHERE order_id IS NULL;
CREATE VIEW delivery_statuses AS SELECT status FROM webhook_deliveries;
CREATE VIEW due_deliveries AS
  SELECT next_attempt_at FROM webhook_deliveries
    JOIN webhook_endpoints ON webhook_endpoints.id = endpoint_id
  WHERE webhook_deliveries.status IN ('PENDING', 'RETRYING')
    AND webhook_endpoints.status = 'ENABLED';
CREATE VIEW endpoint_statuses AS
  SELECT status, failing_since IS NOT NULL AS failing FROM webhook_endpoints
  WHERE deleted_at IS NULL;
GRANT SELECT ON order_statuses, unmatched_messages, delivery_statuses, due_deliveries,
  endpoint_statuses TO rx_orders_server, rx_orders_worker, rx_orders_operator;

-- The server: takes orders and messages in, shows them, deletes nothing of them.
GRANT SELECT ON organizations, api_keys, pharmacies, reconciliation, orphan_workflows, events,
  documents TO rx_orders_server;
GRANT SELECT, INSERT ON data_keys, order_activity, shipments, inbox, webhook_attempts
  TO rx_orders_server;
GRANT SELECT, INSERT, UPDATE ON cases, orders, webhook_endpoints, webhook_deliveries, rate_buckets
  TO rx_orders_server;
GRANT SELECT, INSERT, DELETE ON outbox, order_repairs TO rx_orders_server;
GRANT INSERT ON audit_log TO rx_orders_server;

-- The worker: carries orders on, erases them, seals the audit log. It never sees an API key.
GRANT SELECT ON organizations, pharmacies TO rx_orders_worker;
GRANT SELECT, INSERT ON data_keys, audit_log, audit_seals TO rx_orders_worker;
GRANT SELECT, UPDATE ON cases, orders, inbox, reconciliation TO rx_orders_worker;
GRANT SELECT, INSERT, UPDATE ON order_repairs, order_activity, events, webhook_endpoints, webhook_deliveries,
  webhook_attempts TO rx_orders_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON documents, shipments, outbox, orphan_workflows
  TO rx_orders_worker;

-- Operators: all that the command line does. What is in the audit log stays there.
GRANT SELECT ON ALL TABLES IN SCHEMA public TO rx_orders_operator;
GRANT INSERT, UPDATE ON organizations, api_keys, cases, pharmacies, data_keys, orders,
  order_activity, inbox, outbox, order_repairs, events, webhook_endpoints, webhook_deliveries,
  webhook_attempts, shipments, documents TO rx_orders_operator;
GRANT DELETE ON data_keys, outbox, order_repairs, documents, shipments TO rx_orders_operator;
GRANT INSERT ON audit_log TO rx_orders_operator;

-- The second wall: whatever a statement of the server forgets, it sees one organization's rows, or
-- those of one pharmacy's orders. Owners of tables, and so migrations and the trigger, see all.
ALTER TABLE cases ENABLE ROW LEVEL SECURITY;
ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
ALTER TABLE order_activity ENABLE ROW LEVEL SECURITY;
ALTER TABLE documents ENABLE ROW LEVEL SECURITY;
ALTER TABLE shipments ENABLE ROW LEVEL SECURITY;
ALTER TABLE order_repairs ENABLE ROW LEVEL SECURITY;
ALTER TABLE inbox ENABLE ROW LEVEL SECURITY;
ALTER TABLE events ENABLE ROW LEVEL SECURITY;
ALTER TABLE webhook_endpoints ENABLE ROW LEVEL SECURITY;
ALTER TABLE webhook_deliveries ENABLE ROW LEVEL SECURITY;
ALTER TABLE webhook_attempts ENABLE ROW LEVEL SECURITY;

-- `(SELECT …)`: computed once for a statement, not for each row.
CREATE POLICY scope ON cases TO rx_orders_server
  USING (organization_id = (SELECT scope_organization()));
CREATE POLICY scope ON orders TO rx_orders_server
  USING (organization_id = (SELECT scope_organization())
    OR pharmacy_id = (SELECT scope_pharmacy()));
CREATE POLICY scope ON events TO rx_orders_server
  USING (organization_id = (SELECT scope_organization()));
CREATE POLICY scope ON webhook_endpoints TO rx_orders_server
  USING (organization_id = (SELECT scope_organization()));
CREATE POLICY scope ON webhook_deliveries TO rx_orders_server
  USING (organization_id = (SELECT scope_organization()));
CREATE POLICY scope ON inbox TO rx_orders_server
  USING (pharmacy_id = (SELECT scope_pharmacy()));
-- What hangs on a row is seen by whoever sees the row.
CREATE POLICY scope ON order_activity FOR SELECT TO rx_orders_server
  USING (EXISTS (SELECT FROM orders WHERE orders.id = order_id));
CREATE POLICY scope ON documents TO rx_orders_server
  USING (EXISTS (SELECT FROM orders WHERE orders.id = order_id));
CREATE POLICY scope ON shipments TO rx_orders_server
  USING (EXISTS (SELECT FROM orders WHERE orders.id = order_id));
CREATE POLICY scope ON order_repairs TO rx_orders_server
  USING (EXISTS (SELECT FROM orders WHERE orders.id = order_id));
CREATE POLICY scope ON webhook_attempts TO rx_orders_server
  USING (EXISTS (SELECT FROM webhook_deliveries AS d WHERE d.id = delivery_id));
-- Written in the statement that makes the order, which does not see the order yet.
CREATE POLICY timeline ON order_activity FOR INSERT TO rx_orders_server WITH CHECK (true);

CREATE POLICY everything ON cases TO rx_orders_worker, rx_orders_operator USING (true);
CREATE POLICY everything ON orders TO rx_orders_worker, rx_orders_operator USING (true);
CREATE POLICY everything ON order_activity TO rx_orders_worker, rx_orders_operator USING (true);
CREATE POLICY everything ON documents TO rx_orders_worker, rx_orders_operator USING (true);
CREATE POLICY everything ON shipments TO rx_orders_worker, rx_orders_operator USING (true);
CREATE POLICY everything ON order_repairs TO rx_orders_worker, rx_orders_operator USING (true);
CREATE POLICY everything ON inbox TO rx_orders_worker, rx_orders_operator USING (true);
CREATE POLICY everything ON events TO rx_orders_worker, rx_orders_operator USING (true);
CREATE POLICY everything ON webhook_endpoints TO rx_orders_worker, rx_orders_operator USING (true);
CREATE POLICY everything ON webhook_deliveries TO rx_orders_worker, rx_orders_operator USING (true);
CREATE POLICY everything ON webhook_attempts TO rx_orders_worker, rx_orders_operator USING (true);
