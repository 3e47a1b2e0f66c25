-- Case ids are unique within an organization (docs/adr/0037). An organization chooses its ids, so it must
-- neither take an id from another one, nor learn from a refusal that another one has it.

ALTER TABLE orders DROP CONSTRAINT orders_case_id_fkey;
ALTER TABLE cases DROP CONSTRAINT cases_pkey;
ALTER TABLE cases ADD PRIMARY KEY (organization_id, id);

-- A case could be given to another organization by hand. Its orders keep a case without a patient.
INSERT INTO cases (organization_id, id)
  SELECT DISTINCT organization_id, case_id FROM orders
  ON CONFLICT (organization_id, id) DO NOTHING;
ALTER TABLE orders ADD CONSTRAINT orders_case_fkey
  FOREIGN KEY (organization_id, case_id) REFERENCES cases (organization_id, id);

-- The orders of another organization's case with the same id must not slow down a list.
DROP INDEX orders_of_case;
CREATE INDEX orders_of_case ON orders (organization_id, case_id, created_at DESC, id DESC);

-- As before, and limited to the organization of the order.
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
    (SELECT coalesce(max(sequence), 0) + 1 FROM public.events WHERE order_id = o.id), told_event,
    jsonb_build_object('order', public.event_order(o), 'case', jsonb_build_object(
      'id', c.id, 'createdAt', public.event_time(c.created_at),
      'updatedAt', public.event_time(c.updated_at),
      'status', (SELECT status FROM public.orders
        WHERE organization_id = c.organization_id AND case_id = c.id
        ORDER BY created_at DESC, id DESC LIMIT 1))) || in_full || more)
  RETURNING * INTO told;
  PERFORM public.queue_event(told, NULL);
END $$;
