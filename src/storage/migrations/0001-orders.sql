-- Organizations and the keys their backends authenticate with.
CREATE TABLE organizations (
  id uuid PRIMARY KEY,
  name text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE api_keys (
  id uuid PRIMARY KEY,
  organization_id uuid NOT NULL REFERENCES organizations (id),
  name text NOT NULL,
  key_hash bytea NOT NULL UNIQUE, -- HMAC-SHA256 of the key; the key itself is stored nowhere
  scopes text[] NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz,
  revoked_at timestamptz
);

-- A patient's case. Ids are chosen by the organizations' systems but unique over all of them, so
-- that an id of another organization can be refused.
CREATE TABLE cases (
  id text PRIMARY KEY,
  organization_id uuid NOT NULL REFERENCES organizations (id),
  patient jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE pharmacies (
  id text PRIMARY KEY,
  kind text NOT NULL,
  base_url text NOT NULL,
  token text NOT NULL,
  webhook_auth jsonb NOT NULL,
  active boolean NOT NULL DEFAULT true,
  completion_limit_ms bigint, -- null: the deployment's default
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);

-- The authority on every order. No foreign key to pharmacies: an order for an unknown pharmacy is
-- accepted, and rests in NEEDS_ATTENTION until the pharmacy is added.
CREATE TABLE orders (
  id uuid PRIMARY KEY,
  organization_id uuid NOT NULL REFERENCES organizations (id),
  case_id text NOT NULL REFERENCES cases (id),
  pharmacy_id text NOT NULL,
  status text NOT NULL CHECK (status IN (
    'ACCEPTED', 'PLACING', 'AWAITING_COMPLETION', 'FETCHING_DOCUMENTS', 'COMPLETED',
    'REJECTED', 'CANCELLED', 'EXPIRED', 'NEEDS_ATTENTION')),
  reason_code text,
  reason text,
  idempotency_key text,
  fingerprint bytea NOT NULL,
  prescription json NOT NULL, -- json, not jsonb: customFields are passed on as they came
  shipping_address jsonb,     -- frozen when the order is validated
  sent_at timestamptz,        -- before this the pharmacy cannot have the order
  pharmacy_order_id text,
  completion_hints text[] NOT NULL DEFAULT '{}', -- kinds of messages that were passed on as signals
  hinted_wrongly boolean NOT NULL DEFAULT false, -- a signal came while the pharmacy was not done
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (organization_id, idempotency_key)
);

CREATE INDEX orders_of_case ON orders (case_id, created_at DESC, id DESC);
CREATE INDEX orders_at_pharmacy ON orders (pharmacy_id, pharmacy_order_id)
  WHERE pharmacy_order_id IS NOT NULL;

-- The timeline: every change of an order, when and by whom.
CREATE TABLE order_activity (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  order_id uuid NOT NULL REFERENCES orders (id),
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  actor text NOT NULL CHECK (actor IN ('api', 'pharmacy', 'operator', 'system')),
  event text NOT NULL,
  from_status text,
  to_status text,
  reason_code text,
  detail jsonb
);

CREATE INDEX order_activity_of_order ON order_activity (order_id, id);

CREATE TABLE documents (
  id uuid PRIMARY KEY,
  order_id uuid NOT NULL REFERENCES orders (id),
  pharmacy_document_id text NOT NULL,
  name text NOT NULL,
  content_type text NOT NULL,
  size bigint NOT NULL,
  sha256 text NOT NULL,
  storage_key text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (order_id, pharmacy_document_id)
);

CREATE TABLE shipments (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  order_id uuid NOT NULL REFERENCES orders (id),
  tracking_id text NOT NULL,
  carrier text,
  tracking_url text,
  added_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (order_id, tracking_id)
);

-- What pharmacies told us, each message once. A row without an order waits for it.
CREATE TABLE inbox (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  pharmacy_id text NOT NULL,
  webhook_id text NOT NULL,
  type text NOT NULL,
  reference text,
  pharmacy_order_id text,
  shipment jsonb,
  order_id uuid REFERENCES orders (id),
  received_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (pharmacy_id, webhook_id)
);

CREATE INDEX inbox_of_order ON inbox (order_id, type) WHERE order_id IS NOT NULL;
CREATE INDEX inbox_unlinked ON inbox (pharmacy_id, pharmacy_order_id) WHERE order_id IS NULL;

-- The one road into Temporal. A row is deleted when Temporal has taken it.
CREATE TABLE outbox (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  order_id uuid NOT NULL REFERENCES orders (id),
  kind text NOT NULL CHECK (kind IN ('start', 'completion', 'cancel')),
  attempts integer NOT NULL DEFAULT 0,
  available_at timestamptz NOT NULL DEFAULT now(),
  locked_until timestamptz,
  last_error text,
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX outbox_of_order ON outbox (order_id, id);
CREATE INDEX outbox_due ON outbox (available_at, id);
