-- `restart`: the order's workflow is gone, or has ended before the order did (docs/adr/0017).
ALTER TABLE outbox DROP CONSTRAINT outbox_kind_check;
ALTER TABLE outbox ADD CONSTRAINT outbox_kind_check
  CHECK (kind IN ('start', 'completion', 'cancel', 'restart'));

-- What the reconciler goes through: few beside all that have ended. Its query says the same words.
CREATE INDEX orders_open ON orders (id)
  WHERE status NOT IN ('COMPLETED', 'REJECTED', 'CANCELLED', 'EXPIRED');
-- Messages that wait for their order.
CREATE INDEX inbox_unmatched ON inbox (id) WHERE order_id IS NULL;
CREATE INDEX webhook_deliveries_dead ON webhook_deliveries (id) WHERE status = 'DEAD';

-- How far the comparing of Postgres with Temporal has come: one row, which a restart goes on from.
CREATE TABLE reconciliation (
  only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
  last_round_at timestamptz,      -- when a worker last did some of it
  sweep_began_at timestamptz,     -- the sweep through the open orders that is under way,
  after_order uuid,               -- and the last order that it has looked at
  -- The begin of the last sweep that came to its end: what was wrong before it has been found.
  swept_until timestamptz NOT NULL DEFAULT now(),
  scan_began_at timestamptz,      -- the same of the scan for orphan workflows, newest first
  scan_before timestamptz,
  after_message bigint NOT NULL DEFAULT 0, -- of the inbox: the last one that was tried again
  restarted bigint NOT NULL DEFAULT 0      -- workflows started again, ever
);
INSERT INTO reconciliation DEFAULT VALUES;

-- Open workflows that have no open order, as the last scan saw them. Reported, never ended.
CREATE TABLE orphan_workflows (
  workflow_id text PRIMARY KEY,
  reason_code text NOT NULL CHECK (reason_code IN ('NO_ORDER', 'ORDER_ENDED')),
  found_at timestamptz NOT NULL DEFAULT now(),
  seen_at timestamptz NOT NULL DEFAULT now()
);
