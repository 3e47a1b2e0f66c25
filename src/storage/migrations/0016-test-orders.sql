-- `rx pharmacy check` places test orders that we do not store, so messages about them never match an
-- order. Their references begin with 00000000- (docs/pharmacy-protocol.md, "Test orders").
CREATE OR REPLACE VIEW unmatched_messages AS
  SELECT received_at FROM inbox
  WHERE order_id IS NULL AND (reference IS NULL OR reference NOT LIKE '00000000-%');
