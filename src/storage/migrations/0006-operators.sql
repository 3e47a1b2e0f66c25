-- What the operators' command line keeps of keys and organizations.

-- Most requests a second with this key; null: the deployment's default.
ALTER TABLE api_keys ADD COLUMN IF NOT EXISTS rate_limit_per_second integer;
-- The key whose place this one took when it was rotated.
ALTER TABLE api_keys ADD COLUMN IF NOT EXISTS replaces_key_id uuid REFERENCES api_keys (id);

-- Whether NPI, DEA and telephone numbers are checked by their own rules.
ALTER TABLE organizations ADD COLUMN IF NOT EXISTS strict_identifiers boolean NOT NULL DEFAULT false;

-- What people look for among many orders. Newest first needs no index of its own: ids are UUIDv7.
CREATE INDEX IF NOT EXISTS orders_needing_attention ON orders (id) WHERE status = 'NEEDS_ATTENTION';
