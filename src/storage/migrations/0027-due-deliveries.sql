-- Reads the first delivery of each endpoint instead of all deliveries.
CREATE OR REPLACE VIEW due_deliveries AS
  SELECT first.next_attempt_at FROM webhook_endpoints AS e
  CROSS JOIN LATERAL (
    SELECT least(
      (SELECT min(next_attempt_at) FROM webhook_deliveries WHERE endpoint_id = e.id AND status = 'PENDING'),
      (SELECT min(next_attempt_at) FROM webhook_deliveries WHERE endpoint_id = e.id AND status = 'RETRYING')
    ) AS next_attempt_at) AS first
  WHERE e.status = 'ENABLED';
