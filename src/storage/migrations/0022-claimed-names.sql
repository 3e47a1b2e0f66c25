-- Whether nobody has verified who requested a repair: the name came with an update through Temporal, or from a
-- program that uses the server's role, which cannot write this column.
ALTER TABLE order_repairs ADD COLUMN is_claimed boolean NOT NULL DEFAULT false;
ALTER TABLE order_repairs ALTER COLUMN is_claimed SET DEFAULT (current_user = 'rx_orders_server');

-- The id of a repair that came through Temporal is made from the id of the update, as a UUID of version 5.
UPDATE order_repairs SET is_claimed = true
  WHERE substr(id::text, 15, 1) = '5' AND requested_by <> 'temporal-ui';
