-- A pharmacy can be restricted to certain organizations, and has a name for people (docs/adr/0030).
-- Without a name, its id is shown.
ALTER TABLE pharmacies
  ADD COLUMN name text,
  ADD COLUMN restricted boolean NOT NULL DEFAULT false;

-- The organizations that may place orders at a restricted pharmacy.
CREATE TABLE pharmacy_access (
  pharmacy_id text NOT NULL REFERENCES pharmacies (id) ON DELETE CASCADE,
  organization_id uuid NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (pharmacy_id, organization_id)
);

GRANT SELECT ON pharmacy_access TO rx_orders_server, rx_orders_worker;
GRANT SELECT, INSERT, DELETE ON pharmacy_access TO rx_orders_operator;

ALTER TABLE pharmacy_access ENABLE ROW LEVEL SECURITY;
CREATE POLICY scope ON pharmacy_access TO rx_orders_server
  USING (organization_id = (SELECT scope_organization()));
CREATE POLICY everything ON pharmacy_access TO rx_orders_worker, rx_orders_operator USING (true);
