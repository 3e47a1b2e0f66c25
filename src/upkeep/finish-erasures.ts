import type { DocumentStore } from '../documents/document-store.ts';
import type { Database } from '../storage/database.ts';

/** Orders finished in one call. */
const BATCH = 20;

/** What erased orders leave outside of Postgres. */
export interface Remains {
  readonly documents: Pick<DocumentStore, 'removeAll'>;
  /** Deletes a workflow with its history; one that Temporal does not know is no error. */
  deleteWorkflow(workflowId: string): Promise<void>;
  /** The ids of the workflows of an order and of its webhooks' deliveries. */
  workflowIds(orderId: string, deliveryIds: readonly string[]): string[];
}

/**
 * Removes documents and workflows of orders that were erased. An order counts as done when all of them
 * are gone; one that could not be finished is tried again by the next call.
 *
 * @returns how many were finished.
 * @throws what a store or Temporal throws, for the first order that could not be finished.
 */
export async function finishErasures(database: Database, remains: Remains): Promise<number> {
  const orders = await database<{ id: string; deliveryIds: string[] }[]>`
    SELECT id, ARRAY(
      SELECT d.id::text FROM webhook_deliveries AS d JOIN events ON events.id = d.event_id
      WHERE events.order_id = orders.id) AS delivery_ids
    FROM orders WHERE erased_at IS NOT NULL AND erasure_done_at IS NULL
    ORDER BY id LIMIT ${BATCH}`;
  for (const { id, deliveryIds } of orders) {
    await remains.documents.removeAll(`${id}/`);
    for (const workflowId of remains.workflowIds(id, deliveryIds)) {
      await remains.deleteWorkflow(workflowId);
    }
    await database`UPDATE orders SET erasure_done_at = now() WHERE id = ${id}`;
  }
  return orders.length;
}
