-- What people had done with orders, and why. The words stay here: Temporal and the timeline, which
-- organizations read, only get the id (docs/adr/0016).
CREATE TABLE order_repairs (
  id uuid PRIMARY KEY,
  order_id uuid NOT NULL REFERENCES orders (id),
  kind text NOT NULL CHECK (kind IN ('retry', 'cancel', 'link')),
  requested_by text NOT NULL,
  reason text,            -- null: asked for in Temporal, which takes no free text
  pharmacy_order_id text, -- the corrected one, of a retry
  requested_at timestamptz NOT NULL DEFAULT now(),
  applied_at timestamptz  -- null: not yet, or refused
);

CREATE INDEX order_repairs_of_order ON order_repairs (order_id, requested_at);
