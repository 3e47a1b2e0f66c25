-- A function finds the objects that it names by the search path of its caller. Postgres searches the
-- temporary schema first when the path does not name it, so that a caller could put its own view or type in
-- front of ours, and a function with its owner's rights would run the caller's code (docs/adr/0035).
DO $$
DECLARE
  routine regprocedure;
BEGIN
  FOR routine IN
    SELECT oid FROM pg_proc
    WHERE pronamespace = 'public'::regnamespace AND prokind IN ('f', 'p')
      AND pg_has_role(proowner, 'USAGE')
      AND NOT EXISTS (SELECT FROM pg_depend
        WHERE classid = 'pg_proc'::regclass AND objid = pg_proc.oid AND deptype = 'e')
  LOOP
    EXECUTE format('ALTER ROUTINE %s SET search_path = pg_catalog, public, pg_temp', routine);
  END LOOP;
END $$;

-- No program creates objects. A role that does not own the database or the schema gets a warning here;
-- the programs then log DATABASE_ROLE_TOO_STRONG.
DO $$
BEGIN
  EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC, rx_orders_server, rx_orders_worker, '
    'rx_orders_operator', current_database());
END $$;
REVOKE CREATE ON SCHEMA public FROM PUBLIC, rx_orders_server, rx_orders_worker, rx_orders_operator;

-- The lines of a file that `rx case import` reads. An import inserts and deletes them in one transaction,
-- so no other transaction ever sees a row. It takes the place of a temporary table.
CREATE UNLOGGED TABLE imported_cases (line bigint NOT NULL, LIKE cases);
ALTER TABLE imported_cases
  DROP COLUMN organization_id, DROP COLUMN created_at, DROP COLUMN updated_at;
GRANT SELECT, INSERT, DELETE ON imported_cases TO rx_orders_operator;

-- The bodies below change only in that they name the schema of every object.

CREATE OR REPLACE FUNCTION outbox_organization() RETURNS trigger
  LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  SELECT organization_id INTO NEW.organization_id FROM public.orders WHERE id = NEW.order_id;
  RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION queue_event(told public.events, but uuid) RETURNS void
  LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  INSERT INTO public.webhook_deliveries (id, organization_id, endpoint_id, event_id, event)
  SELECT uuidv7(), organization_id, id, told.id, told.event FROM public.webhook_endpoints
  WHERE organization_id = told.organization_id AND deleted_at IS NULL AND status <> 'DISABLED'
    AND (events IS NULL OR told.event = ANY (events)) AND id IS DISTINCT FROM but;
  IF FOUND THEN PERFORM pg_notify('deliveries', ''); END IF;
END $$;

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
  SELECT * INTO c FROM public.cases WHERE id = o.case_id;
  IF EXISTS (SELECT FROM public.webhook_endpoints WHERE organization_id = o.organization_id
      AND payload_mode = 'full' AND status <> 'DISABLED' AND deleted_at IS NULL) THEN
    in_full := jsonb_build_object(
      'orders', (SELECT coalesce(jsonb_agg(public.event_order(newest) ORDER BY created_at, id), '[]')
        FROM (SELECT * FROM public.orders WHERE case_id = c.id
          ORDER BY created_at DESC, id DESC LIMIT 100) AS newest),
      'attachments', (SELECT coalesce(jsonb_agg(attachment ORDER BY created_at, id), '[]') FROM (
        SELECT documents.id, documents.created_at,
          public.event_attachment(documents, orders.pharmacy_id) AS attachment
        FROM public.documents JOIN public.orders ON orders.id = order_id WHERE case_id = c.id
        ORDER BY documents.created_at DESC, documents.id DESC LIMIT 100) AS newest));
  END IF;
  INSERT INTO public.events (id, organization_id, order_id, sequence, event, content)
  VALUES (uuidv7(), o.organization_id, o.id,
    (SELECT coalesce(max(sequence), 0) + 1 FROM public.events WHERE order_id = o.id), told_event,
    jsonb_build_object('order', public.event_order(o), 'case', jsonb_build_object(
      'id', c.id, 'createdAt', public.event_time(c.created_at),
      'updatedAt', public.event_time(c.updated_at),
      'status', (SELECT status FROM public.orders WHERE case_id = c.id
        ORDER BY created_at DESC, id DESC LIMIT 1))) || in_full || more)
  RETURNING * INTO told;
  PERFORM public.queue_event(told, NULL);
END $$;

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
        WHERE id = NEW.order_id AND pharmacy_order_id IS NOT NULL)
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
