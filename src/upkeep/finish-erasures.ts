import type { DocumentStore } from '../documents/document-store.ts';
import type { Database } from '../storage/database.ts';

/** Maximum number of orders in one call. */
const BATCH = 20;

/** Access to the data of orders outside of Postgres. */
export interface ExternalData {
  readonly documents: Pick<DocumentStore, 'removeAll'>;
  /** Deletes a workflow and its history. A workflow that does not exist is not an error. */
  deleteWorkflow(workflowId: string): Promise<void>;
  /** Returns the workflow ids of an order and of its webhook deliveries. */
  workflowIds(orderId: string, deliveryIds: readonly string[]): string[];
}

/**
 * Removes the documents and workflows of erased orders. An order is done when all of them are gone; the
 * next call retries an order that failed.
 *
 * @returns the number of orders that are done.
 * @throws {Error} the error of the document store or of Temporal for the first order that failed.
 */
export async function finishErasures(database: Database, external: ExternalData): Promise<number> {
  const orders = await database<{ id: string; deliveryIds: string[] }[]>`
    SELECT id, ARRAY(
      SELECT d.id::text FROM webhook_deliveries AS d JOIN events ON events.id = d.event_id
      WHERE events.order_id = orders.id) AS delivery_ids
    FROM orders WHERE erased_at IS NOT NULL AND erasure_done_at IS NULL
    ORDER BY id LIMIT ${BATCH}`;
  for (const { id, deliveryIds } of orders) {
    await external.documents.removeAll(`${id}/`);
    for (const workflowId of external.workflowIds(id, deliveryIds)) {
      await external.deleteWorkflow(workflowId);
    }
    await database`UPDATE orders SET erasure_done_at = now() WHERE id = ${id}`;
  }
  return orders.length;
}
