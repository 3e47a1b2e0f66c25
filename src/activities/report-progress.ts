import type { FailedLocally, OrderActivities } from '../workflows/order-activities.ts';
import type { PharmacySlots } from './pharmacy-slots.ts';

/*
 * A worker's activities report to the dispatcher of the same process how far orders are, which saves the
 * dispatcher from reading their statuses (docs/adr/0008).
 */

/** Called with the id of an order that has done its own part of a step. */
export type Report = (orderId: string) => void;

/** Wraps activities so that they report an order at the end of a step, except for a check after which it is sent. */
export function reportSteps<Activities extends OrderActivities>(
  report: Report,
  activities: Activities,
): Activities {
  return {
    ...activities,
    async validateOrder(orderId: string) {
      let outcome: string | undefined;
      try {
        const result = await activities.validateOrder(orderId);
        outcome = result.outcome;
        return result;
      } finally {
        if (outcome !== 'done') report(orderId);
      }
    },
    placeOrder: (orderId: string, failed?: FailedLocally) =>
      activities.placeOrder(orderId, failed).finally(() => report(orderId)),
    fetchDocuments: (orderId: string, failed?: FailedLocally) =>
      activities.fetchDocuments(orderId, failed).finally(() => report(orderId)),
  };
}

/** Wraps pharmacies so that an order is reported when it is sent: its pharmacy may take long to answer. */
export function reportSent(report: Report, pharmacies: PharmacySlots): PharmacySlots {
  return {
    ...pharmacies,
    async gateway(pharmacyId, token) {
      const gateway = await pharmacies.gateway(pharmacyId, token);
      return (
        gateway && {
          ...gateway,
          place: (request, signal) => {
            report(request.reference);
            return gateway.place(request, signal);
          },
        }
      );
    },
  };
}
