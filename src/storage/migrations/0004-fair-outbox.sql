-- Whose row it is, so that dispatchers can take turns between the organizations (docs/adr/0008).
ALTER TABLE outbox ADD COLUMN organization_id uuid REFERENCES organizations (id);
UPDATE outbox SET organization_id = orders.organization_id FROM orders
  WHERE orders.id = outbox.order_id;
ALTER TABLE outbox ALTER COLUMN organization_id SET NOT NULL;

-- For who does not say it: a process of the version before, during a deployment, and statements that
-- know the order only. The accepting statement says it, and never comes here.
CREATE FUNCTION outbox_organization() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  SELECT organization_id INTO NEW.organization_id FROM orders WHERE id = NEW.order_id;
  RETURN NEW;
END $$;

CREATE TRIGGER outbox_organization BEFORE INSERT ON outbox
  FOR EACH ROW WHEN (NEW.organization_id IS NULL) EXECUTE FUNCTION outbox_organization();

-- An organization's rows, oldest first; and, skipping from one to the next, who has any.
CREATE INDEX outbox_of_organization ON outbox (organization_id, available_at, id);
DROP INDEX outbox_due;
