-- A lease reads the due rows of one lane, organization by organization, however many rows of the other lane or of
-- other organizations wait.
ALTER TABLE outbox ADD COLUMN lane text NOT NULL
  GENERATED ALWAYS AS (CASE WHEN kind IN ('start', 'restart') THEN 'starts' ELSE 'others' END) STORED;
CREATE INDEX outbox_of_lane ON outbox (lane, organization_id, available_at, id);
DROP INDEX outbox_of_organization;
