-- Rows of the audit log may be deleted once they are in an archive outside of Postgres (docs/adr/0049).

-- The archives, each from the seal after the last one's to its own last. The file has the rows.
CREATE TABLE audit_archives (
  number bigint PRIMARY KEY,     -- the last seal
  first_number bigint NOT NULL UNIQUE, -- of two runs at once, one waits for the other and is refused
  rows bigint NOT NULL,
  sha256 bytea NOT NULL CHECK (octet_length(sha256) = 32),
  file text NOT NULL,
  archived_at timestamptz NOT NULL DEFAULT now(),
  hash bytea NOT NULL,           -- of the last seal, as the next three
  sealed_at timestamptz NOT NULL,
  last_transaction_id xid8 NOT NULL,
  last_id bigint NOT NULL,
  pruned_at timestamptz          -- from then on its rows and seals may be deleted
);
GRANT SELECT, INSERT (number, first_number, rows, sha256, file) ON audit_archives TO rx_orders_operator;
GRANT SELECT, UPDATE (pruned_at) ON audit_archives TO rx_orders_worker;

CREATE FUNCTION continue_archives() RETURNS trigger
  LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  newest bigint := (SELECT coalesce(max(number), 0) FROM public.audit_archives);
BEGIN
  IF NEW.first_number <= newest THEN
    RAISE EXCEPTION 'these seals are in an archive' USING ERRCODE = 'unique_violation';
  END IF;
  SELECT hash, at, last_transaction_id, last_id
  INTO NEW.hash, NEW.sealed_at, NEW.last_transaction_id, NEW.last_id
  FROM public.audit_seals WHERE number = NEW.number;
  IF NOT FOUND OR NEW.pruned_at IS NOT NULL
    OR NEW.first_number <> newest + 1
    OR (NEW.number - NEW.first_number + 1, NEW.rows) <> (
      SELECT count(*), coalesce(sum(count), 0) FROM public.audit_seals
      WHERE number BETWEEN NEW.first_number AND NEW.number)
  THEN
    RAISE EXCEPTION 'the archive does not continue the archives' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER continue_archives BEFORE INSERT ON audit_archives
  FOR EACH ROW EXECUTE FUNCTION continue_archives();

-- The least time is that of RETENTION_AUDIT_DAYS: whoever takes over a worker hides nothing that is younger.
CREATE FUNCTION begin_pruning_archive() RETURNS trigger
  LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  changed public.audit_archives := OLD;
BEGIN
  changed.pruned_at := NEW.pruned_at;
  IF OLD.pruned_at IS NOT NULL OR NEW IS DISTINCT FROM changed
    OR OLD.sealed_at > now() - interval '30 days'
    OR EXISTS (SELECT FROM public.audit_archives WHERE number < OLD.number AND pruned_at IS NULL)
  THEN
    RAISE EXCEPTION 'audit_archives is append-only' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER begin_pruning_archive BEFORE UPDATE ON audit_archives
  FOR EACH ROW EXECUTE FUNCTION begin_pruning_archive();
CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE ON audit_archives
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- A row or a seal can be deleted when its archive is being pruned. Everything else stays refused, for the owner too.
CREATE FUNCTION refuse_unarchived() RETURNS trigger
  LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  start public.audit_archives;
  covered boolean;
BEGIN
  SELECT * INTO start FROM public.audit_archives WHERE pruned_at IS NOT NULL
  ORDER BY number DESC LIMIT 1;
  IF FOUND AND TG_TABLE_NAME = 'audit_seals' THEN
    covered := OLD.number <= start.number;
  ELSIF FOUND THEN
    covered := (OLD.transaction_id, OLD.id) <= (start.last_transaction_id, start.last_id);
  END IF;
  IF covered IS NOT TRUE THEN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN OLD;
END $$;
CREATE TRIGGER archived_only BEFORE DELETE ON audit_log
  FOR EACH ROW EXECUTE FUNCTION refuse_unarchived();
CREATE TRIGGER archived_only BEFORE DELETE ON audit_seals
  FOR EACH ROW EXECUTE FUNCTION refuse_unarchived();
DROP TRIGGER append_only ON audit_log;
CREATE TRIGGER append_only BEFORE UPDATE OR TRUNCATE ON audit_log
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
DROP TRIGGER append_only ON audit_seals;
CREATE TRIGGER append_only BEFORE UPDATE OR TRUNCATE ON audit_seals
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

GRANT DELETE ON audit_log, audit_seals TO rx_orders_worker;
CREATE POLICY archived_rows ON audit_log FOR DELETE TO rx_orders_worker USING (true);
