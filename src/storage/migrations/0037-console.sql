-- Logins and sessions of the operators' console (docs/adr/0051). Both store the SHA-256 of a random secret, so that a copy
-- of the tables logs nobody in.
CREATE TABLE console_logins (
  secret_hash bytea PRIMARY KEY,
  operator text NOT NULL,
  role text NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
  expires_at timestamptz NOT NULL
);

CREATE TABLE console_sessions (
  secret_hash bytea PRIMARY KEY,
  operator text NOT NULL,
  role text NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
  began_at timestamptz NOT NULL DEFAULT now(),
  seen_at timestamptz NOT NULL DEFAULT now()
);

GRANT SELECT, INSERT, DELETE ON console_logins TO rx_orders_operator;
GRANT SELECT, INSERT, UPDATE, DELETE ON console_sessions TO rx_orders_operator;
