-- A request to cancel an order that the pharmacy may have. It is pending until the order ends, or
-- until it is refused, which clears it.
ALTER TABLE orders
  ADD COLUMN cancel_requested_at timestamptz,
  ADD COLUMN cancel_requested_by text CHECK (cancel_requested_by IN ('api', 'operator')),
  ADD COLUMN cancel_reason text; -- in words, for the order's reader
