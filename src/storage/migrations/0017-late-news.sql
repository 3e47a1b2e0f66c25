-- A pharmacy may report on an order that has ended: a workflow of its own follows that up.
ALTER TABLE outbox DROP CONSTRAINT outbox_kind_check;
ALTER TABLE outbox ADD CONSTRAINT outbox_kind_check
  CHECK (kind IN ('start', 'completion', 'cancel', 'restart', 'news'));

-- An operator may keep the end of an order, although the pharmacy says something else.
ALTER TABLE order_repairs DROP CONSTRAINT order_repairs_kind_check;
ALTER TABLE order_repairs ADD CONSTRAINT order_repairs_kind_check
  CHECK (kind IN ('retry', 'cancel', 'link', 'keep'));

-- A document that changes at the pharmacy becomes a new version. The old one stays readable.
ALTER TABLE documents
  ADD COLUMN version integer NOT NULL DEFAULT 1,
  ADD COLUMN supersedes uuid REFERENCES documents (id),
  -- When the pharmacy withdrew it.
  ADD COLUMN deleted_at timestamptz,
  DROP CONSTRAINT documents_order_id_pharmacy_document_id_key,
  ADD CONSTRAINT documents_versions UNIQUE (order_id, pharmacy_document_id, version);

-- A withdrawn document makes the event DELETE_ATTACHMENT.
ALTER TABLE events DROP CONSTRAINT events_event_check;
ALTER TABLE events ADD CONSTRAINT events_event_check CHECK (event IN (
  'ORDER_CREATED', 'ORDER_STATUS_CHANGED', 'ORDER_TRACKING_ADDED', 'ADD_CASE_ATTACHMENT',
  'DELETE_ATTACHMENT', 'ENDPOINT_DISABLED'));

CREATE OR REPLACE FUNCTION event_attachment(document documents, pharmacy_id text)
  RETURNS jsonb LANGUAGE sql STABLE
  RETURN jsonb_build_object('id', (document).id, 'orderId', (document).order_id,
    'fileName', (document).name, 'createdAt', event_time((document).created_at),
    'pharmacyId', pharmacy_id, 'contentType', (document).content_type, 'size', (document).size,
    'sha256', (document).sha256, 'storageKey', (document).storage_key,
    'isDeleted', (document).deleted_at IS NOT NULL);

CREATE OR REPLACE FUNCTION tell_of_activity()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO '$user', 'public'
AS $function$
BEGIN
  IF NEW.event = 'TRACKING_ADDED' THEN
    PERFORM record_order_event(NEW.order_id, 'ORDER_TRACKING_ADDED', jsonb_build_object('trackingId',
      (SELECT tracking_id FROM shipments WHERE order_id = NEW.order_id ORDER BY id DESC LIMIT 1)));
  ELSIF NEW.event = 'DOCUMENT_STORED' THEN
    PERFORM record_order_event(NEW.order_id, 'ADD_CASE_ATTACHMENT',
      jsonb_build_object('attachment', event_attachment(documents, orders.pharmacy_id)))
    FROM documents JOIN orders ON orders.id = order_id
    WHERE documents.id = (NEW.detail ->> 'documentId')::uuid;
  ELSIF NEW.event = 'DOCUMENT_WITHDRAWN' THEN
    PERFORM record_order_event(NEW.order_id, 'DELETE_ATTACHMENT',
      jsonb_build_object('attachment', event_attachment(documents, orders.pharmacy_id)))
    FROM documents JOIN orders ON orders.id = order_id
    WHERE documents.id = (NEW.detail ->> 'documentId')::uuid;
  ELSE
    -- The first change after which the pharmacy is known to have it.
    IF EXISTS (SELECT FROM orders WHERE id = NEW.order_id AND pharmacy_order_id IS NOT NULL)
      AND NOT EXISTS (
        SELECT FROM events WHERE order_id = NEW.order_id AND event = 'ORDER_CREATED') THEN
      PERFORM record_order_event(NEW.order_id, 'ORDER_CREATED', '{}');
    END IF;
    IF NEW.to_status IN ('COMPLETED', 'REJECTED', 'CANCELLED', 'EXPIRED', 'NEEDS_ATTENTION') THEN
      PERFORM record_order_event(NEW.order_id, 'ORDER_STATUS_CHANGED', '{}');
    END IF;
  END IF;
  RETURN NULL;
END $function$;

DROP TRIGGER tell_of_activity ON order_activity;
CREATE TRIGGER tell_of_activity AFTER INSERT ON order_activity FOR EACH ROW
  WHEN (NEW.event IN ('STATUS_CHANGED', 'TRACKING_ADDED', 'DOCUMENT_STORED', 'DOCUMENT_WITHDRAWN'))
  EXECUTE FUNCTION tell_of_activity();
