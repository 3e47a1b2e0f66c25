-- Why operators looked at patient data (docs/adr/0051), for organizations that require a reason. The reason is encrypted with
-- the order's data key, and the row of the audit log names it by its id.
ALTER TABLE organizations ADD COLUMN access_reasons boolean NOT NULL DEFAULT false;

CREATE TABLE access_reasons (
  id uuid PRIMARY KEY,
  order_id uuid NOT NULL REFERENCES orders (id),
  operator text NOT NULL,
  reason text, -- NULL: the order was erased
  at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX access_reasons_of_order ON access_reasons (order_id, at);

GRANT SELECT, INSERT, UPDATE (reason) ON access_reasons TO rx_orders_operator;
GRANT SELECT (order_id), UPDATE (reason) ON access_reasons TO rx_orders_worker;
