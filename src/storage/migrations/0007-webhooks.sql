-- Where an organization wants to hear of its orders.
CREATE TABLE webhook_endpoints (
  id uuid PRIMARY KEY,
  organization_id uuid NOT NULL REFERENCES organizations (id),
  url text NOT NULL,
  description text,
  events text[], -- null: every event
  document_format text NOT NULL DEFAULT 'url' CHECK (document_format IN ('url', 'base64')),
  payload_mode text NOT NULL DEFAULT 'event' CHECK (payload_mode IN ('event', 'full')),
  auth_header_name text,
  auth_header_value text,
  secret text NOT NULL,
  previous_secret text,               -- signs beside `secret` until
  previous_secret_until timestamptz,
  -- Deliveries go out while it is ENABLED. PAUSED: it failed for days, and its deliveries wait.
  -- DISABLED: by hand or by its own 410; nothing more is queued for it.
  status text NOT NULL DEFAULT 'ENABLED' CHECK (status IN ('ENABLED', 'PAUSED', 'DISABLED')),
  status_reason text,                 -- a code, e.g. ANSWERED_GONE
  failing_since timestamptz,          -- the first failure after its last success
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz              -- its log is kept
);

CREATE INDEX webhook_endpoints_of_organization ON webhook_endpoints (organization_id, id)
  WHERE deleted_at IS NULL;

-- What an organization is told, written in the transaction of what it tells of (docs/adr/0013).
CREATE TABLE events (
  id uuid PRIMARY KEY,
  -- In the order of (transaction_id, position), and below the oldest transaction that is still open,
  -- nothing can be added any more: that is what a cursor of GET /api/v1/events goes by.
  transaction_id xid8 NOT NULL DEFAULT pg_current_xact_id(),
  position bigint GENERATED ALWAYS AS IDENTITY,
  organization_id uuid NOT NULL REFERENCES organizations (id),
  order_id uuid REFERENCES orders (id), -- null: it tells of an endpoint
  sequence integer,                     -- of the order's events: from 1, without a gap
  event text NOT NULL CHECK (event IN (
    'ORDER_CREATED', 'ORDER_STATUS_CHANGED', 'ORDER_TRACKING_ADDED', 'ADD_CASE_ATTACHMENT',
    'ENDPOINT_DISABLED')),
  content jsonb NOT NULL,               -- what its body is rendered from, as it was then
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  UNIQUE (order_id, sequence)
);

CREATE INDEX events_of_organization ON events (organization_id, transaction_id, position);

-- One event to one endpoint. Its id is the `webhook-id` of every attempt.
CREATE TABLE webhook_deliveries (
  id uuid PRIMARY KEY,
  organization_id uuid NOT NULL REFERENCES organizations (id),
  endpoint_id uuid NOT NULL REFERENCES webhook_endpoints (id),
  event_id uuid REFERENCES events (id), -- null: a PING
  event text NOT NULL,
  -- PENDING: the pool makes the next attempt. RETRYING: its workflow does. DEAD: a dead letter.
  status text NOT NULL DEFAULT 'PENDING'
    CHECK (status IN ('PENDING', 'RETRYING', 'DELIVERED', 'DEAD', 'CANCELLED')),
  attempts integer NOT NULL DEFAULT 0,
  next_attempt_at timestamptz DEFAULT now(), -- null once it has come to an end
  locked_until timestamptz,
  workflow_wanted boolean NOT NULL DEFAULT false, -- RETRYING, and Temporal does not know it yet
  delivered_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX webhook_deliveries_of_organization ON webhook_deliveries (organization_id, id);
CREATE INDEX webhook_deliveries_of_endpoint ON webhook_deliveries (endpoint_id, status, id);
CREATE INDEX webhook_deliveries_of_event ON webhook_deliveries (event_id);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (endpoint_id, next_attempt_at)
  WHERE status = 'PENDING';
CREATE INDEX webhook_deliveries_retrying ON webhook_deliveries (next_attempt_at)
  WHERE status = 'RETRYING';

-- Attempts under way and to come, to bound them by endpoint; workflows to be started; endpoints that
-- are known to fail.
CREATE INDEX webhook_deliveries_retrying_of_endpoint
  ON webhook_deliveries (endpoint_id, next_attempt_at) WHERE status = 'RETRYING';
CREATE INDEX webhook_deliveries_locked ON webhook_deliveries (endpoint_id)
  WHERE locked_until IS NOT NULL;
CREATE INDEX webhook_deliveries_wanted ON webhook_deliveries (endpoint_id, next_attempt_at)
  WHERE workflow_wanted;
CREATE INDEX webhook_endpoints_failing ON webhook_endpoints (id) WHERE failing_since IS NOT NULL;

CREATE TABLE webhook_attempts (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  delivery_id uuid NOT NULL REFERENCES webhook_deliveries (id),
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  duration_ms integer NOT NULL,
  status_code integer,  -- null: there was no answer
  error_class text,     -- null: it was delivered
  answer_start text,    -- the first bytes of the answer, harmless
  next_attempt_at timestamptz
);

CREATE INDEX webhook_attempts_of_delivery ON webhook_attempts (delivery_id, id);

CREATE FUNCTION event_time(at timestamptz) RETURNS text LANGUAGE sql IMMUTABLE
  RETURN to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');

CREATE FUNCTION event_attachment(document documents, pharmacy_id text) RETURNS jsonb
  LANGUAGE sql STABLE
  RETURN jsonb_build_object(
    'id', document.id, 'fileName', document.name, 'createdAt', event_time(document.created_at),
    'pharmacyId', pharmacy_id, 'contentType', document.content_type, 'size', document.size,
    'sha256', document.sha256, 'storageKey', document.storage_key);

CREATE FUNCTION event_order(o orders) RETURNS jsonb LANGUAGE sql STABLE
  RETURN jsonb_build_object('id', o.id, 'status', o.status, 'reason', o.reason,
    'createdAt', event_time(o.created_at));

-- Writes an event of an order, with all that its body is rendered from, and queues it for the
-- endpoints that want it.
CREATE FUNCTION record_order_event(told_order uuid, told_event text, more jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  o orders;
  c cases;
  in_full jsonb := '{}';
  told events;
BEGIN
  -- The lock makes the order's events one after another; who changes an order mostly holds it.
  SELECT * INTO o FROM orders WHERE id = told_order FOR NO KEY UPDATE;
  SELECT * INTO c FROM cases WHERE id = o.case_id;
  IF EXISTS (SELECT FROM webhook_endpoints WHERE organization_id = o.organization_id
      AND payload_mode = 'full' AND status <> 'DISABLED' AND deleted_at IS NULL) THEN
    in_full := jsonb_build_object(
      'orders', (SELECT coalesce(jsonb_agg(event_order(newest) ORDER BY created_at, id), '[]')
        FROM (SELECT * FROM orders WHERE case_id = c.id
          ORDER BY created_at DESC, id DESC LIMIT 100) AS newest),
      'attachments', (SELECT coalesce(jsonb_agg(attachment ORDER BY created_at, id), '[]') FROM (
        SELECT documents.id, documents.created_at,
          event_attachment(documents, orders.pharmacy_id) AS attachment
        FROM documents JOIN orders ON orders.id = order_id WHERE case_id = c.id
        ORDER BY documents.created_at DESC, documents.id DESC LIMIT 100) AS newest));
  END IF;
  INSERT INTO events (id, organization_id, order_id, sequence, event, content)
  VALUES (uuidv7(), o.organization_id, o.id,
    (SELECT coalesce(max(sequence), 0) + 1 FROM events WHERE order_id = o.id), told_event,
    jsonb_build_object('order', event_order(o), 'case', jsonb_build_object(
      'id', c.id, 'createdAt', event_time(c.created_at), 'updatedAt', event_time(c.updated_at),
      'status', (SELECT status FROM orders WHERE case_id = c.id
        ORDER BY created_at DESC, id DESC LIMIT 1))) || in_full || more)
  RETURNING * INTO told;
  PERFORM queue_event(told, NULL);
END $$;

-- Queues an event for every endpoint of its organization that wants it, but one.
CREATE FUNCTION queue_event(told events, but uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO webhook_deliveries (id, organization_id, endpoint_id, event_id, event)
  SELECT uuidv7(), organization_id, id, told.id, told.event FROM webhook_endpoints
  WHERE organization_id = told.organization_id AND deleted_at IS NULL AND status <> 'DISABLED'
    AND (events IS NULL OR told.event = ANY (events)) AND id IS DISTINCT FROM but;
  IF FOUND THEN PERFORM pg_notify('deliveries', ''); END IF;
END $$;

-- Every change of an order writes a row of its timeline; what the organization is to be told of it
-- follows from that row, so that no change can forget to tell.
CREATE FUNCTION tell_of_activity() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.event = 'TRACKING_ADDED' THEN
    PERFORM record_order_event(NEW.order_id, 'ORDER_TRACKING_ADDED', jsonb_build_object('trackingId',
      (SELECT tracking_id FROM shipments WHERE order_id = NEW.order_id ORDER BY id DESC LIMIT 1)));
  ELSIF NEW.event = 'DOCUMENT_STORED' THEN
    PERFORM record_order_event(NEW.order_id, 'ADD_CASE_ATTACHMENT',
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
END $$;

CREATE TRIGGER tell_of_activity AFTER INSERT ON order_activity
  FOR EACH ROW WHEN (NEW.event IN ('STATUS_CHANGED', 'TRACKING_ADDED', 'DOCUMENT_STORED'))
  EXECUTE FUNCTION tell_of_activity();
