-- Postgres 15 to 17 lack uuidv7(), which functions and statements call. On Postgres 18 and later the call finds
-- the built-in function first, because pg_catalog comes first in every search path.

-- Layout of RFC 9562, section 5.7, with the microseconds in the 12 bits after the version (method 3 of section 6.2), so
-- that rows of one transaction are in the order in which they were inserted.
DO $$
BEGIN
  IF to_regprocedure('pg_catalog.uuidv7()') IS NOT NULL THEN RETURN; END IF;
  CREATE FUNCTION public.uuidv7() RETURNS uuid
    LANGUAGE sql VOLATILE PARALLEL SAFE
    SET search_path = pg_catalog, public, pg_temp
  AS $function$
    SELECT encode(
      overlay(uuid_send(gen_random_uuid())
        PLACING substring(int8send(micros / 1000) FROM 3)
          || int2send((28672 + micros % 1000 * 4096 / 1000)::int2)
        FROM 1 FOR 8),
      'hex')::uuid
    FROM (SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS micros) AS now
  $function$;
  GRANT EXECUTE ON FUNCTION public.uuidv7()
    TO rx_orders_server, rx_orders_worker, rx_orders_operator;
END $$;

-- A server and a worker check at their start that the schema is current.
GRANT SELECT (name) ON schema_migrations TO rx_orders_server, rx_orders_worker;
