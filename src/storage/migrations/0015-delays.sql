-- A step of an order that keeps failing: how often in a row, since when, and when it is tried again.
ALTER TABLE orders
  ADD COLUMN delay_code text,
  ADD COLUMN delay_since timestamptz,
  ADD COLUMN delay_attempts integer,
  ADD COLUMN delay_next_at timestamptz,
  -- Whether the timeline has a row for this delay.
  ADD COLUMN delay_noted boolean NOT NULL DEFAULT false;

CREATE INDEX orders_delayed ON orders (delay_since) WHERE delay_since IS NOT NULL;

-- What /metrics and `rx doctor` count over all organizations.
CREATE VIEW order_delays AS SELECT delay_since FROM orders WHERE delay_since IS NOT NULL;
GRANT SELECT ON order_delays TO rx_orders_server, rx_orders_worker, rx_orders_operator;

-- A pharmacy's message may add the carrier or the link to a shipment that is known already.
GRANT UPDATE ON shipments TO rx_orders_server;
