-- Positions in the commit order keep rising after a restore (docs/adr/0048). A position was a transaction id, and these
-- start again in another cluster, and go back in a restore to an earlier moment. It is now an epoch and a transaction id;
-- each restore begins an epoch. The positions from before are those of epoch 0.

CREATE TABLE epochs (
  number integer PRIMARY KEY CHECK (number >= 0 AND number < 32768),
  begun_at timestamptz NOT NULL DEFAULT now(),
  -- The cluster and its timeline when the epoch began; null where the role may not read them.
  cluster text,
  cause text NOT NULL CHECK (cause IN ('FIRST', 'POSITIONS_WENT_BACK', 'CLUSTER_CHANGED', 'TIMELINE_CHANGED', 'RESTORED')),
  -- The reconciler ends the workflow runs that began before this epoch, and starts the open orders again from Postgres.
  ends_runs boolean NOT NULL,
  runs_ended_at timestamptz
);
GRANT SELECT ON epochs TO rx_orders_server, rx_orders_worker, rx_orders_operator;
GRANT UPDATE (runs_ended_at) ON epochs TO rx_orders_worker;

-- 44 bits for the transaction id: a cluster that commits 10,000 transactions a second needs 55 years for them.
CREATE FUNCTION commit_position(transaction xid8) RETURNS xid8
  LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT ((max(number)::bigint << 44) + transaction::text::bigint)::text::xid8 FROM public.epochs
$$;

-- '<system identifier>/<timeline>'. A restore by pg_restore changes the first, one to a point in time or a failover the second.
CREATE FUNCTION present_cluster() RETURNS text
  LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  RETURN (SELECT system_identifier FROM pg_control_system()) || '/'
    || left(pg_walfile_name(pg_current_wal_lsn()), 8);
EXCEPTION WHEN insufficient_privilege OR undefined_function OR feature_not_supported THEN
  RETURN NULL;
END $$;

INSERT INTO epochs (number, cluster, cause, ends_runs, runs_ended_at)
VALUES (0, present_cluster(), 'FIRST', false, now());

ALTER TABLE events ALTER COLUMN transaction_id SET DEFAULT commit_position(pg_current_xact_id());
ALTER TABLE audit_log ALTER COLUMN transaction_id SET DEFAULT commit_position(pg_current_xact_id());

CREATE FUNCTION begin_epoch(why text) RETURNS integer
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  begun integer;
BEGIN
  -- Transactions that have taken positions of the earlier epoch end first.
  LOCK TABLE public.events, public.audit_log IN SHARE ROW EXCLUSIVE MODE;
  INSERT INTO public.epochs (number, cluster, cause, ends_runs)
  SELECT max(number) + 1, public.present_cluster(), why, why <> 'TIMELINE_CHANGED' FROM public.epochs
  RETURNING epochs.number INTO begun;
  INSERT INTO public.audit_log (actor_kind, actor, action, result)
  VALUES ('system', 'epoch', 'EPOCH_BEGUN', why);
  RETURN begun;
END $$;

-- Why an epoch has to begin; null if none has.
CREATE FUNCTION missing_epoch() RETURNS text
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  present text := public.present_cluster();
  known text;
  next xid8 := public.commit_position(pg_snapshot_xmax(pg_current_snapshot()));
BEGIN
  SELECT cluster INTO known FROM public.epochs ORDER BY number DESC LIMIT 1;
  IF (SELECT last_transaction_id FROM public.audit_head) >= next
    OR (SELECT transaction_id FROM public.audit_log ORDER BY transaction_id DESC, id DESC LIMIT 1) >= next
    OR EXISTS (SELECT FROM public.organizations, LATERAL (
      SELECT transaction_id FROM public.events WHERE organization_id = organizations.id
      ORDER BY transaction_id DESC, position DESC LIMIT 1) AS newest WHERE transaction_id >= next)
  THEN RETURN 'POSITIONS_WENT_BACK';
  END IF;
  IF split_part(known, '/', 1) <> split_part(present, '/', 1) THEN RETURN 'CLUSTER_CHANGED'; END IF;
  IF known <> present THEN RETURN 'TIMELINE_CHANGED'; END IF;
  RETURN NULL;
END $$;

-- Begins an epoch if the database shows that one is missing, so that any program may call it at any time.
CREATE FUNCTION renew_epoch() RETURNS text
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  why text := public.missing_epoch();
BEGIN
  IF why IS NULL THEN RETURN NULL; END IF;
  LOCK TABLE public.events, public.audit_log IN SHARE ROW EXCLUSIVE MODE;
  why := public.missing_epoch(); -- another program may have been quicker
  IF why IS NOT NULL THEN PERFORM public.begin_epoch(why); END IF;
  RETURN why;
END $$;

REVOKE EXECUTE ON FUNCTION begin_epoch(text), missing_epoch(), renew_epoch() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION begin_epoch(text) TO rx_orders_operator;
GRANT EXECUTE ON FUNCTION missing_epoch(), renew_epoch()
  TO rx_orders_server, rx_orders_worker, rx_orders_operator;

-- As in migration 0020; only the comparison with the oldest open transaction changes.
CREATE OR REPLACE FUNCTION continue_seals() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  head public.audit_head;
BEGIN
  SELECT * INTO head FROM public.audit_head FOR UPDATE;
  IF NOT FOUND THEN
    head.number := 0;
    head.hash := decode(repeat('00', 32), 'hex');
    head.last_transaction_id := '0';
    head.last_id := 0;
  END IF;
  IF NEW.number <> head.number + 1 OR NEW.previous <> head.hash OR octet_length(NEW.hash) <> 32
    OR NEW.last_transaction_id >= public.commit_position(pg_snapshot_xmin(pg_current_snapshot()))
    OR NEW.at NOT BETWEEN now() - interval '1 minute' AND clock_timestamp()
    OR NOT coalesce(
      (NEW.first_transaction_id, NEW.first_id, NEW.last_transaction_id, NEW.last_id, NEW.count) = (
        SELECT (array_agg(transaction_id ORDER BY transaction_id, id))[1],
          (array_agg(id ORDER BY transaction_id, id))[1],
          (array_agg(transaction_id ORDER BY transaction_id DESC, id DESC))[1],
          (array_agg(id ORDER BY transaction_id DESC, id DESC))[1],
          count(*)::integer
        FROM public.audit_log
        WHERE (transaction_id, id) > (head.last_transaction_id, head.last_id)
          AND (transaction_id, id) <= (NEW.last_transaction_id, NEW.last_id)), false)
  THEN
    RAISE EXCEPTION 'the seal does not continue the audit log'
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  INSERT INTO public.audit_head (number, hash, last_transaction_id, last_id)
  VALUES (NEW.number, NEW.hash, NEW.last_transaction_id, NEW.last_id)
  ON CONFLICT (only_one) DO UPDATE SET number = excluded.number, hash = excluded.hash,
    last_transaction_id = excluded.last_transaction_id, last_id = excluded.last_id;
  RETURN NEW;
END $$;
