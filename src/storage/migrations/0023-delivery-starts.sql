-- Until when a worker that took a queued start of a delivery's workflow has it for itself. The start stays in the
-- queue until Temporal has accepted it, so that the start of a worker that died is taken again after seconds.
ALTER TABLE webhook_deliveries ADD COLUMN start_locked_until timestamptz;
