-- What the programs can choose in rows that others rely on (docs/adr/0035). The database sets ids, times and
-- transaction ids; each role records its own kinds of actors; and the newest seal is kept in a second place.

-- Ids, times and transaction ids come from the defaults of the columns.
REVOKE INSERT ON audit_log, order_activity, inbox, events
  FROM rx_orders_server, rx_orders_worker, rx_orders_operator;
GRANT INSERT (actor_kind, actor, action, organization_id, case_id, order_id, source, request_id, result)
  ON audit_log TO rx_orders_server, rx_orders_worker, rx_orders_operator;
GRANT INSERT (order_id, actor, event, from_status, to_status, reason_code, detail)
  ON order_activity TO rx_orders_server, rx_orders_worker, rx_orders_operator;
GRANT INSERT (pharmacy_id, webhook_id, type, reference, pharmacy_order_id, shipment, order_id)
  ON inbox TO rx_orders_server, rx_orders_operator;
GRANT INSERT (id, organization_id, event, content) ON events TO rx_orders_worker;
-- No program changes what has happened.
REVOKE UPDATE ON order_activity, events FROM rx_orders_worker, rx_orders_operator;

-- A program cannot record what another one did: the server has no operators, and operators have no keys. The
-- worker records the repairs that operators request through Temporal.
ALTER TABLE audit_log ENABLE ROW LEVEL SECURITY;
CREATE POLICY everything ON audit_log FOR SELECT TO rx_orders_worker, rx_orders_operator USING (true);
CREATE POLICY of_server ON audit_log FOR INSERT TO rx_orders_server
  WITH CHECK (actor_kind IN ('key', 'pharmacy')
    OR actor_kind = 'system' AND (actor = 'order-client' OR actor LIKE 'signed-link%'));
CREATE POLICY of_worker ON audit_log FOR INSERT TO rx_orders_worker
  WITH CHECK (actor_kind = 'system' OR actor_kind = 'operator' AND action IN
    ('ORDER_RETRIED', 'ORDER_CANCEL_REQUESTED', 'ORDER_END_KEPT', 'MESSAGE_LINKED'));
CREATE POLICY of_operator ON audit_log FOR INSERT TO rx_orders_operator
  WITH CHECK (actor_kind = 'operator');

-- The server writes the timeline of what it does: it accepts, cancels and receives messages, of which one can
-- reopen an expired order. A change of the status also ends a delay. The row of an accepted order is written
-- in the statement that makes the order, which does not see the order yet.
ALTER POLICY timeline ON order_activity WITH CHECK (
  CASE WHEN actor = 'system' THEN event = 'DELAY_ENDED'
    ELSE actor IN ('api', 'pharmacy') AND event IN ('ORDER_ACCEPTED', 'CANCEL_REQUESTED', 'CANCEL_REFUSED',
      'STATUS_CHANGED', 'PHARMACY_MESSAGE', 'TRACKING_ADDED', 'TRACKING_COMPLETED')
  END
  AND coalesce(to_status, 'ACCEPTED') IN ('ACCEPTED', 'CANCELLED', 'NEEDS_ATTENTION'));

-- A program of an organization can request a retry (`createOrderClient`), and no other repair.
REVOKE INSERT ON order_repairs FROM rx_orders_server;
GRANT INSERT (id, order_id, kind, requested_by, reason, pharmacy_order_id)
  ON order_repairs TO rx_orders_server;
CREATE POLICY retries ON order_repairs AS RESTRICTIVE FOR INSERT TO rx_orders_server
  WITH CHECK (kind = 'retry');

-- The newest seal. Seals continue from here, so that a deleted one leaves a gap. Only the trigger below
-- writes the row, and the number never falls.
CREATE TABLE audit_head (
  only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
  number bigint NOT NULL,
  hash bytea NOT NULL,
  last_transaction_id xid8 NOT NULL,
  last_id bigint NOT NULL
);
INSERT INTO audit_head (number, hash, last_transaction_id, last_id)
  SELECT number, hash, last_transaction_id, last_id FROM audit_seals ORDER BY number DESC LIMIT 1;
GRANT SELECT ON audit_head TO rx_orders_worker, rx_orders_operator;

CREATE FUNCTION refuse_lower_head() RETURNS trigger
  LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NEW.number <= OLD.number THEN
    RAISE EXCEPTION 'the number of audit_head only rises' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER only_rises BEFORE UPDATE ON audit_head
  FOR EACH ROW EXECUTE FUNCTION refuse_lower_head();
CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE ON audit_head
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- A worker cannot break the chain for the seals that follow, whatever it inserts. The database does not
-- compute the hash; `rx audit verify` does.
CREATE FUNCTION continue_seals() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  head public.audit_head;
BEGIN
  SELECT * INTO head FROM public.audit_head FOR UPDATE;
  IF NOT FOUND THEN
    head.number := 0;
    head.hash := decode(repeat('00', 32), 'hex');
    head.last_transaction_id := '0';
    head.last_id := 0;
  END IF;
  IF NEW.number <> head.number + 1 OR NEW.previous <> head.hash OR octet_length(NEW.hash) <> 32
    OR NEW.last_transaction_id >= pg_snapshot_xmin(pg_current_snapshot())
    OR NEW.at NOT BETWEEN now() - interval '1 minute' AND clock_timestamp()
    OR NOT coalesce(
      (NEW.first_transaction_id, NEW.first_id, NEW.last_transaction_id, NEW.last_id, NEW.count) = (
        SELECT (array_agg(transaction_id ORDER BY transaction_id, id))[1],
          (array_agg(id ORDER BY transaction_id, id))[1],
          (array_agg(transaction_id ORDER BY transaction_id DESC, id DESC))[1],
          (array_agg(id ORDER BY transaction_id DESC, id DESC))[1],
          count(*)::integer
        FROM public.audit_log
        WHERE (transaction_id, id) > (head.last_transaction_id, head.last_id)
          AND (transaction_id, id) <= (NEW.last_transaction_id, NEW.last_id)), false)
  THEN
    RAISE EXCEPTION 'the seal does not continue the audit log'
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  INSERT INTO public.audit_head (number, hash, last_transaction_id, last_id)
  VALUES (NEW.number, NEW.hash, NEW.last_transaction_id, NEW.last_id)
  ON CONFLICT (only_one) DO UPDATE SET number = excluded.number, hash = excluded.hash,
    last_transaction_id = excluded.last_transaction_id, last_id = excluded.last_id;
  RETURN NEW;
END $$;
CREATE TRIGGER continue_seals BEFORE INSERT ON audit_seals
  FOR EACH ROW EXECUTE FUNCTION continue_seals();
