import type { OrderStatus } from '../contract/order.ts';
import { followingNews, LATE_ANSWER, reopenOrder } from '../orders/late-news.ts';
import type { PharmacyGateway, PharmacyOrder } from '../pharmacy/gateway.ts';
import { PharmacyFaultError } from '../pharmacy/pharmacy-errors.ts';
import { inTransaction } from '../storage/transaction.ts';
import { abortSignal } from '../temporal/activity-context.ts';
import type { OrderNewsActivities } from '../workflows/order-news-activities.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { createDocumentFetcher } from './document-fetcher.ts';
import { findOrderRow, type OrderRow } from './order-row.ts';
import { readAtPharmacy, UNKNOWN_ORDER } from './pharmacy-order.ts';
import { untilUsable } from './pharmacy-retry-policy.ts';
import { recordPharmacyOrderId } from './place-order.ts';
import { endedResult } from './step-results.ts';

/** The statuses at the pharmacy that contradict an end of ours. */
const CONTRADICTIONS: Partial<Record<OrderStatus, readonly PharmacyOrder['status'][]>> = {
  COMPLETED: ['rejected', 'cancelled'],
  REJECTED: ['completed'],
  CANCELLED: ['completed'],
  EXPIRED: ['completed', 'rejected'],
};

/** Creates the activity `followNews`; see {@link OrderNewsActivities}. */
export function createFollowNews(
  dependencies: ActivityDependencies,
): OrderNewsActivities['followNews'] {
  const { database, pharmacies, settings } = dependencies;
  const fetchDocuments = createDocumentFetcher(dependencies);
  return async (orderId) => {
    await followingNews(database, orderId, () => follow(orderId));
    return { outcome: 'done' };
  };

  async function follow(orderId: string): Promise<void> {
    const order = await findOrderRow(database, orderId);
    // An erased order has nothing left. A reopened one has its own workflow, which reads it.
    if (order === undefined || endedResult(order) === undefined) return;
    const gateway = await pharmacies.gateway(order.pharmacyId);
    if (gateway === undefined) return;
    const there = await readThere(gateway, order);
    if (there === undefined) return;
    const { found, isNew } = there;
    if (CONTRADICTIONS[order.status]?.includes(found.status) || isNew) {
      const reason = `The order was ${order.status}; at the pharmacy it is ${found.status}.`;
      await inTransaction(database, (sql) =>
        reopenOrder(sql, orderId, { from: order.status, reasonCode: LATE_ANSWER, reason }),
      );
    } else if (order.status === 'COMPLETED' && found.status === 'completed') {
      await fetchDocuments(order, gateway, found);
    }
  }

  /**
   * Reads the order at the pharmacy; undefined if the pharmacy does not have it. `isNew`: the order ended
   * because the pharmacy did not have it, but now it does, and has not cancelled it.
   */
  async function readThere(
    gateway: PharmacyGateway,
    order: OrderRow,
  ): Promise<{ found: PharmacyOrder; isNew: boolean } | undefined> {
    const { id, pharmacyOrderId, sentForMs } = order;
    try {
      if (pharmacyOrderId !== null) {
        const placed = { id, pharmacyOrderId, sentForMs };
        return { found: await readAtPharmacy(dependencies, gateway, placed), isNew: false };
      }
      const found = await untilUsable(settings, () => gateway.findByReference(id, abortSignal()));
      if (found === undefined) return undefined;
      await recordPharmacyOrderId(database, id, found.id);
      return { found, isNew: found.status !== 'rejected' && found.status !== 'cancelled' };
    } catch (error) {
      // The pharmacy has deleted its old order.
      if (error instanceof PharmacyFaultError && UNKNOWN_ORDER.includes(error.code))
        return undefined;
      throw error;
    }
  }
}
