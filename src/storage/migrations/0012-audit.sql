-- Who did what with patient data, when, from where, and what came of it (docs/adr/0024). Ids, codes and
-- names of accounts only. Rows are sealed in groups; a seal's hash holds the one before it.

CREATE TABLE audit_log (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  transaction_id xid8 NOT NULL DEFAULT pg_current_xact_id(),
  actor_kind text NOT NULL CHECK (actor_kind IN ('key', 'operator', 'pharmacy', 'system')),
  -- The API key's id, the operator's name, the pharmacy's id, or what part of us it was.
  actor text NOT NULL,
  action text NOT NULL,
  organization_id uuid,
  case_id text,
  order_id uuid,
  source text,
  request_id text,
  -- OK, or what the refusal is called.
  result text NOT NULL
);

CREATE INDEX audit_log_order ON audit_log (transaction_id, id);
CREATE INDEX audit_log_of_order ON audit_log (order_id) WHERE order_id IS NOT NULL;

CREATE TABLE audit_seals (
  number bigint PRIMARY KEY CHECK (number > 0),
  at timestamptz NOT NULL,
  first_transaction_id xid8 NOT NULL,
  first_id bigint NOT NULL,
  last_transaction_id xid8 NOT NULL,
  last_id bigint NOT NULL,
  count integer NOT NULL CHECK (count > 0),
  previous bytea NOT NULL,
  hash bytea NOT NULL
);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_seals
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
