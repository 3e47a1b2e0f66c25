-- Patient data and secrets are sealed by the application (docs/adr/0022): a column that held them in
-- clear holds a text that starts with `v1.`. Each order and case has a key of its own, wrapped with its
-- organization's data key; without it, what it sealed is gone.

DO $$ BEGIN
  IF EXISTS (SELECT FROM cases) OR EXISTS (SELECT FROM pharmacies)
    OR EXISTS (SELECT FROM webhook_endpoints) THEN
    RAISE EXCEPTION 'this database was filled before encryption, and its rows cannot be sealed by SQL: start with an empty one';
  END IF;
END $$;

CREATE TABLE data_keys (
  id uuid PRIMARY KEY,
  organization_id uuid REFERENCES organizations (id), -- null: the deployment's own
  master_key_id text NOT NULL,
  wrapped bytea NOT NULL,
  active boolean NOT NULL, -- it seals; the others only open
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE UNIQUE INDEX data_keys_active ON data_keys (organization_id) NULLS NOT DISTINCT WHERE active;

ALTER TABLE cases
  ADD COLUMN data_key text,
  ADD COLUMN patient_hash bytea, -- keyed; tells whether an import changes the patient
  ADD COLUMN address text,       -- the patient's, alone: orders are frozen to it
  ALTER COLUMN patient TYPE text;

ALTER TABLE orders
  ADD COLUMN data_key text,
  ADD COLUMN idempotency_hash bytea, -- keyed
  ADD COLUMN case_key text,          -- with case_address: the case's own, as they were when the order was
  ADD COLUMN case_address text,      -- accepted; until it is validated, and they become shipping_address
  ALTER COLUMN prescription TYPE text,
  ALTER COLUMN shipping_address TYPE text,
  DROP CONSTRAINT orders_organization_id_idempotency_key_key,
  ADD CONSTRAINT orders_idempotency UNIQUE (organization_id, idempotency_hash);

ALTER TABLE shipments
  ADD COLUMN tracking_hash bytea NOT NULL, -- keyed with the order's key
  DROP CONSTRAINT shipments_order_id_tracking_id_key,
  ADD CONSTRAINT shipments_once UNIQUE (order_id, tracking_hash);

ALTER TABLE inbox ALTER COLUMN shipment TYPE text; -- kept until the message has found its order

ALTER TABLE pharmacies
  ADD COLUMN webhook_auth_kind text NOT NULL,
  ALTER COLUMN webhook_auth TYPE text;

-- As in 0007, with the order that holds the key of the document's name.
CREATE OR REPLACE FUNCTION event_attachment(document documents, pharmacy_id text) RETURNS jsonb
  LANGUAGE sql STABLE
  RETURN jsonb_build_object(
    'id', document.id, 'orderId', document.order_id, 'fileName', document.name,
    'createdAt', event_time(document.created_at), 'pharmacyId', pharmacy_id,
    'contentType', document.content_type, 'size', document.size, 'sha256', document.sha256,
    'storageKey', document.storage_key);
