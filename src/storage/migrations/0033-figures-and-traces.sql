-- One worker at a time reads the figures of its metrics from here (docs/adr/0045).
ALTER TABLE reconciliation
  ADD COLUMN figures_by uuid,        -- the process that reads them
  ADD COLUMN figures_at timestamptz; -- when it last did

-- The W3C trace context of what caused a row; null while tracing is off (docs/adr/0046).
ALTER TABLE orders ADD COLUMN traceparent text;
ALTER TABLE outbox ADD COLUMN traceparent text;
