/**
 * A line above an object of docs/schema.sql, for readers who come from TypeScript. Keys are the object's
 * kind and name. The catalog of Postgres has no other comments: the reasons are in the migrations.
 */
export const NOTES: Readonly<Record<string, string>> = {
  'table audit_archives':
    'The files that have rows of the audit log. Rows of an archive that is being pruned may be deleted.',
  'table data_keys': 'Wrapped data keys; src/keys/ reads them.',
  'table inbox': 'Messages of pharmacies, each once. A row without an order waits for its order.',
  'table order_activity': 'The timeline of the orders. Its trigger writes the events.',
  'table outbox': 'The dispatcher deletes a row after Temporal accepts it.',
  'table pruned_events':
    'The newest pruned event of each name: GET /api/v1/events refuses older cursors.',
  'table pruning': 'The progress of the workers that delete old rows.',
  'table rate_buckets': 'Unlogged: a crash of Postgres refills the token buckets.',
  'table reconciliation': 'One row: the progress of the reconciler.',
  'table schema_migrations': 'The migrations that were applied; src/storage/migrate.ts writes it.',
  'trigger tell_of_activity ON order_activity':
    'Writes the events that organizations receive: no TypeScript code inserts an event of an order.',
  'trigger outbox_organization ON outbox':
    'Fills in the organization when an INSERT leaves it out.',
  'trigger append_only ON audit_log': 'Refuses every change to rows that are already there.',
  'trigger append_only ON audit_seals': 'Refuses every change to rows that are already there.',
  'view delivery_statuses': 'Read by /metrics, as are the other views: no ids, no content.',
  'function tell_of_activity':
    'Trigger of order_activity: decides which new rows of the timeline become events.',
  'function record_order_event':
    'Inserts one event, with all that its body is rendered from, and queues its deliveries.',
  'function queue_event':
    'Inserts a webhook delivery for each endpoint that subscribes to the event, then wakes the pool.',
  'function scope_organization':
    'The organization that the transaction is for; row-level security compares rows with it.',
  'function scope_pharmacy':
    'The pharmacy that the transaction is for; row-level security compares rows with it.',
  'function organization_of_document':
    'Finds the organization for a signed link, which names only a document.',
};
