-- Workers delete rows after a time that the deployment sets (docs/adr/0049). Without a setting they delete nothing.

-- What workers have pruned, by table. `after`, `next_at` and `swept_at` are the progress of a sweep through the table;
-- whoever moves `next_at` into the future holds the table's lease.
CREATE TABLE pruning (
  subject text PRIMARY KEY,
  days integer,              -- as the worker that started last was configured; NULL: kept for ever
  after text,                -- a sweep continues after this row; NULL: at the oldest
  next_at timestamptz NOT NULL DEFAULT now(),
  swept_at timestamptz,      -- when the last sweep ended
  pruned_before timestamptz, -- rows from before this time may be missing
  pruned bigint NOT NULL DEFAULT 0
);
INSERT INTO pruning (subject)
VALUES ('webhook_deliveries'), ('events'), ('inbox'), ('audit_log');
GRANT SELECT ON pruning TO rx_orders_server, rx_orders_worker, rx_orders_operator;
GRANT UPDATE ON pruning TO rx_orders_worker;

-- The newest pruned event of each name: a cursor before it has missed events, and is refused.
CREATE TABLE pruned_events (
  organization_id uuid NOT NULL REFERENCES organizations (id),
  event text NOT NULL,
  transaction_id xid8 NOT NULL,
  position bigint NOT NULL,
  PRIMARY KEY (organization_id, event)
);
ALTER TABLE pruned_events ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope ON pruned_events TO rx_orders_server
  USING (organization_id = (SELECT scope_organization()));
CREATE POLICY everything ON pruned_events TO rx_orders_worker, rx_orders_operator USING (true);
GRANT SELECT ON pruned_events TO rx_orders_server, rx_orders_operator;
GRANT SELECT, INSERT, UPDATE ON pruned_events TO rx_orders_worker;

-- What the pruned events of an order were: later events continue their numbers, and do not tell of its creation again.
ALTER TABLE orders
  ADD COLUMN pruned_sequence integer NOT NULL DEFAULT 0,
  ADD COLUMN pruned_creation boolean NOT NULL DEFAULT false;

-- Whoever takes over a worker can delete old rows only, and nothing that is still under way.
GRANT DELETE ON events, webhook_deliveries, webhook_attempts, inbox TO rx_orders_worker;
CREATE POLICY old_rows ON events AS RESTRICTIVE FOR DELETE TO rx_orders_worker
  USING (created_at < now() - interval '7 days');
CREATE POLICY old_rows ON webhook_deliveries AS RESTRICTIVE FOR DELETE TO rx_orders_worker
  USING (created_at < now() - interval '7 days' AND status IN ('DELIVERED', 'DEAD', 'CANCELLED'));
CREATE POLICY old_rows ON webhook_attempts AS RESTRICTIVE FOR DELETE TO rx_orders_worker
  USING (at < now() - interval '7 days');
CREATE POLICY old_rows ON inbox AS RESTRICTIVE FOR DELETE TO rx_orders_worker
  USING (received_at < now() - interval '7 days' AND order_id IS NOT NULL);

-- As in 0021, with the numbers of pruned events.
CREATE OR REPLACE FUNCTION record_order_event(told_order uuid, told_event text, more jsonb)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  o public.orders;
  c public.cases;
  in_full jsonb := '{}';
  told public.events;
BEGIN
  -- The lock serializes the order's events. Most transactions that change an order hold it already.
  SELECT * INTO o FROM public.orders WHERE id = told_order FOR NO KEY UPDATE;
  SELECT * INTO c FROM public.cases WHERE organization_id = o.organization_id AND id = o.case_id;
  IF EXISTS (SELECT FROM public.webhook_endpoints WHERE organization_id = o.organization_id
      AND payload_mode = 'full' AND status <> 'DISABLED' AND deleted_at IS NULL) THEN
    in_full := jsonb_build_object(
      'orders', (SELECT coalesce(jsonb_agg(public.event_order(newest) ORDER BY created_at, id), '[]')
        FROM (SELECT * FROM public.orders
          WHERE organization_id = c.organization_id AND case_id = c.id
          ORDER BY created_at DESC, id DESC LIMIT 100) AS newest),
      'attachments', (SELECT coalesce(jsonb_agg(attachment ORDER BY created_at, id), '[]') FROM (
        SELECT documents.id, documents.created_at,
          public.event_attachment(documents, orders.pharmacy_id) AS attachment
        FROM public.documents JOIN public.orders ON orders.id = order_id
        WHERE organization_id = c.organization_id AND case_id = c.id
        ORDER BY documents.created_at DESC, documents.id DESC LIMIT 100) AS newest));
  END IF;
  INSERT INTO public.events (id, organization_id, order_id, sequence, event, content)
  VALUES (uuidv7(), o.organization_id, o.id,
    (SELECT greatest(coalesce(max(sequence), 0), o.pruned_sequence) + 1
      FROM public.events WHERE order_id = o.id), told_event,
    jsonb_build_object('order', public.event_order(o), 'case', jsonb_build_object(
      'id', c.id, 'createdAt', public.event_time(c.created_at),
      'updatedAt', public.event_time(c.updated_at),
      'status', (SELECT status FROM public.orders
        WHERE organization_id = c.organization_id AND case_id = c.id
        ORDER BY created_at DESC, id DESC LIMIT 1))) || in_full || more)
  RETURNING * INTO told;
  PERFORM public.queue_event(told, NULL);
END $$;

-- As in 0019, and an ORDER_CREATED that was pruned counts too.
CREATE OR REPLACE FUNCTION tell_of_activity() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NEW.event = 'TRACKING_ADDED' THEN
    PERFORM public.record_order_event(NEW.order_id, 'ORDER_TRACKING_ADDED',
      jsonb_build_object('trackingId', (SELECT tracking_id FROM public.shipments
        WHERE order_id = NEW.order_id ORDER BY id DESC LIMIT 1)));
  ELSIF NEW.event = 'DOCUMENT_STORED' THEN
    PERFORM public.record_order_event(NEW.order_id, 'ADD_CASE_ATTACHMENT', jsonb_build_object(
      'attachment', public.event_attachment(documents, orders.pharmacy_id)))
    FROM public.documents JOIN public.orders ON orders.id = order_id
    WHERE documents.id = (NEW.detail ->> 'documentId')::uuid;
  ELSIF NEW.event = 'DOCUMENT_WITHDRAWN' THEN
    PERFORM public.record_order_event(NEW.order_id, 'DELETE_ATTACHMENT', jsonb_build_object(
      'attachment', public.event_attachment(documents, orders.pharmacy_id)))
    FROM public.documents JOIN public.orders ON orders.id = order_id
    WHERE documents.id = (NEW.detail ->> 'documentId')::uuid;
  ELSE
    -- The first change after which the pharmacy is known to have the order.
    IF EXISTS (SELECT FROM public.orders
        WHERE id = NEW.order_id AND pharmacy_order_id IS NOT NULL AND NOT pruned_creation)
      AND NOT EXISTS (SELECT FROM public.events
        WHERE order_id = NEW.order_id AND event = 'ORDER_CREATED') THEN
      PERFORM public.record_order_event(NEW.order_id, 'ORDER_CREATED', '{}');
    END IF;
    IF NEW.to_status IN ('COMPLETED', 'REJECTED', 'CANCELLED', 'EXPIRED', 'NEEDS_ATTENTION') THEN
      PERFORM public.record_order_event(NEW.order_id, 'ORDER_STATUS_CHANGED', '{}');
    END IF;
  END IF;
  RETURN NULL;
END $$;
