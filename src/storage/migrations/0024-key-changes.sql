-- Servers keep API keys for a moment. They learn from this notification that a key was revoked or changed.
CREATE FUNCTION notify_of_key_change() RETURNS trigger
  LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  PERFORM pg_notify('api_keys', '');
  RETURN NULL;
END $$;
CREATE TRIGGER notify_of_change AFTER UPDATE OR DELETE OR TRUNCATE ON api_keys
  FOR EACH STATEMENT EXECUTE FUNCTION notify_of_key_change();
