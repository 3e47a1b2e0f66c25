-- Null: the deployment's default.
ALTER TABLE api_keys ADD COLUMN IF NOT EXISTS rate_limit_per_second integer
  CHECK (rate_limit_per_second > 0);

-- A token bucket for each key. Unlogged: a crash of Postgres fills the buckets, which is cheaper than
-- a flush to the disk for every lease.
CREATE UNLOGGED TABLE rate_buckets (
  api_key_id uuid PRIMARY KEY,
  tokens double precision NOT NULL,
  granted double precision NOT NULL, -- by the last lease
  per_second double precision NOT NULL,
  refilled_at timestamptz NOT NULL
);
