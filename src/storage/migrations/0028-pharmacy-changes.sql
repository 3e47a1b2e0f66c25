-- Servers and workers keep pharmacies for a moment. They learn from this notification that one was changed.
CREATE FUNCTION notify_of_pharmacy_change() RETURNS trigger
  LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  PERFORM pg_notify('pharmacies', '');
  RETURN NULL;
END $$;
CREATE TRIGGER notify_of_change AFTER UPDATE OR DELETE OR TRUNCATE ON pharmacies
  FOR EACH STATEMENT EXECUTE FUNCTION notify_of_pharmacy_change();
