-- A step ends an order only if no message has arrived since it read the order. The number changes with every
-- message, in the transaction that stores the message.
ALTER TABLE orders ADD COLUMN message_count bigint NOT NULL DEFAULT 0;
