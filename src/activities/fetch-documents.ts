import { changeStatus } from '../orders/change-status.ts';
import { expectAnotherHint } from '../orders/pharmacy-message.ts';
import type { PharmacyGateway, PharmacyOrder } from '../pharmacy/gateway.ts';
import { PharmacyUnavailableError } from '../pharmacy/pharmacy-errors.ts';
import type { OrderActivities, StepResult } from '../workflows/order-activities.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { createDocumentFetcher } from './document-fetcher.ts';
import { NO_DOCUMENTS, type OrderRow, readOrderRow } from './order-row.ts';
import { type PlacedOrder, readAtPharmacy } from './pharmacy-order.ts';
import { ended, endedResult, needsAttention } from './step-results.ts';

/** Creates the activity `fetchDocuments`; see {@link OrderActivities}. */
export function createFetchDocuments(
  dependencies: ActivityDependencies,
): OrderActivities['fetchDocuments'] {
  const { database, pharmacies, settings } = dependencies;
  const fetchAll = createDocumentFetcher(dependencies);
  return async (orderId) => {
    const order = await readOrderRow(database, orderId);
    const end = endedResult(order);
    if (end !== undefined) return end;
    const gateway = await pharmacies.gateway(order.pharmacyId);
    if (gateway === undefined || order.pharmacyOrderId === null) {
      const reason = 'The pharmacy that has the order is no longer set up.';
      return await needsAttention(database, orderId, 'PHARMACY_UNKNOWN', reason);
    }
    return await followPharmacy({ ...order, pharmacyOrderId: order.pharmacyOrderId }, gateway);
  };

  /** Reads the order at the pharmacy and brings ours to the same status. */
  async function followPharmacy(
    order: OrderRow & PlacedOrder,
    gateway: PharmacyGateway,
  ): Promise<StepResult> {
    const there = await readAtPharmacy(dependencies, gateway, order);
    switch (there.status) {
      case 'accepted':
      case 'in_progress':
        // The hint was wrong. A hint that arrived meanwhile was not signalled: read the order again.
        if (await expectAnotherHint(database, order.id)) {
          return await followPharmacy(order, gateway);
        }
        if (order.status === 'NEEDS_ATTENTION') {
          await changeStatus(database, order.id, { to: 'AWAITING_COMPLETION', actor: 'system' });
        }
        return { outcome: 'done' };
      case 'rejected':
      case 'cancelled':
        return await ended(database, order, {
          to: there.status === 'rejected' ? 'REJECTED' : 'CANCELLED',
          actor: 'pharmacy',
          reasonCode: there.status === 'rejected' ? 'PHARMACY_REJECTED' : 'PHARMACY_CANCELLED',
          ...(there.reason === undefined ? {} : { reason: there.reason }),
        });
      case 'completed':
        await changeStatus(database, order.id, { to: 'FETCHING_DOCUMENTS', actor: 'system' });
        // Many pharmacies report the completion before they have rendered the documents.
        if (isEmpty(there) && (order.emptyForMs ?? 0) < settings.graceMs) {
          throw new PharmacyUnavailableError(NO_DOCUMENTS);
        }
        await fetchAll(order, gateway, there);
        return await ended(database, order, { to: 'COMPLETED', actor: 'system' });
    }
  }
}

function isEmpty({ documents, unreadable }: PharmacyOrder): boolean {
  return documents.length === 0 && unreadable.length === 0;
}
