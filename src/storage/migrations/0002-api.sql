-- Per organization: NPI, DEA and phone numbers of prescribers are checked digit by digit.
ALTER TABLE organizations ADD COLUMN strict_identifiers boolean NOT NULL DEFAULT false;

-- Pages of an organization's orders, newest first; `status` and pharmacy filter within them.
CREATE INDEX orders_of_organization ON orders (organization_id, created_at DESC, id DESC);
CREATE INDEX orders_of_organization_by_status
  ON orders (organization_id, status, created_at DESC, id DESC);
