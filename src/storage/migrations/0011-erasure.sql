-- What an order holds of its patient can be erased: its key goes, and with it all that it sealed. What
-- is left are ids, times, codes and counts (docs/adr/0023).

ALTER TABLE orders
  ALTER COLUMN prescription DROP NOT NULL,
  ADD COLUMN erased_at timestamptz,
  -- When its documents and workflows were gone, too.
  ADD COLUMN erasure_done_at timestamptz;

-- null: it was erased with the last of its orders.
ALTER TABLE cases ALTER COLUMN patient DROP NOT NULL;

-- Orders are erased so long after their end; null: never by themselves.
ALTER TABLE organizations ADD COLUMN retention_days integer CHECK (retention_days > 0);

CREATE INDEX orders_being_erased ON orders (id) WHERE erased_at IS NOT NULL AND erasure_done_at IS NULL;
CREATE INDEX orders_to_erase ON orders (organization_id, updated_at)
  WHERE erased_at IS NULL AND status IN ('COMPLETED', 'REJECTED', 'CANCELLED', 'EXPIRED');
