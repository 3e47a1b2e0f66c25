-- Servers and workers keep API keys and pharmacies for a moment. They learn from the notification of a table's
-- channel that a row was changed.
CREATE FUNCTION notify_of_change() RETURNS trigger
  LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  PERFORM pg_notify(TG_TABLE_NAME, '');
  RETURN NULL;
END $$;
CREATE TRIGGER notify_of_change AFTER UPDATE OR DELETE OR TRUNCATE ON pharmacies
  FOR EACH STATEMENT EXECUTE FUNCTION notify_of_change();
DROP TRIGGER notify_of_change ON api_keys;
CREATE TRIGGER notify_of_change AFTER UPDATE OR DELETE OR TRUNCATE ON api_keys
  FOR EACH STATEMENT EXECUTE FUNCTION notify_of_change();
DROP FUNCTION notify_of_key_change();
