import { sameId } from '../lib/uuid.ts';
import { addShipment } from '../orders/pharmacy-message.ts';
import type { PharmacyGateway, PharmacyOrder } from '../pharmacy/gateway.ts';
import {
  NotReadyError,
  PharmacyFaultError,
  PharmacyUnavailableError,
} from '../pharmacy/pharmacy-errors.ts';
import { abortSignal } from '../temporal/activity-context.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { untilUsable } from './pharmacy-retry-policy.ts';

/** An order that the pharmacy has, with both of its ids. */
export interface PlacedOrder {
  /** Our id, which the pharmacy keeps as the order's reference. */
  readonly id: string;
  readonly pharmacyOrderId: string;
  /** How long ago it was first about to be sent, in milliseconds. */
  readonly sentForMs: number | null;
}

/** The answers by which a pharmacy says that it does not have the order. */
export const UNKNOWN_ORDER = ['PHARMACY_HTTP_404', 'PHARMACY_ORDER_UNKNOWN'];

/**
 * Reads an order at its pharmacy, checks that it is ours, and stores its tracking. An operator may have
 * entered the pharmacy's id by hand: an order with another reference belongs to another patient.
 *
 * @throws {PharmacyFaultError} `PHARMACY_OTHER_REFERENCE`; and everything that `gateway.get` throws.
 * @throws {NotReadyError} the pharmacy does not know the order yet, which was placed just now.
 */
export async function readAtPharmacy(
  { database, settings }: ActivityDependencies,
  gateway: PharmacyGateway,
  { id, pharmacyOrderId, sentForMs }: PlacedOrder,
): Promise<PharmacyOrder> {
  const there = await untilUsable(settings, async () => {
    try {
      return await gateway.get(pharmacyOrderId, abortSignal());
    } catch (error) {
      const isNew = sentForMs !== null && sentForMs < settings.graceMs;
      const isUnknown = error instanceof PharmacyFaultError && UNKNOWN_ORDER.includes(error.code);
      throw isNew && isUnknown ? new NotReadyError(error.code) : error;
    }
  });
  if (there.reference !== undefined && !sameId(there.reference, id)) {
    throw new PharmacyFaultError('PHARMACY_OTHER_REFERENCE');
  }
  if (there.shipment !== undefined) await addShipment(database, id, there.shipment);
  return there;
}

/**
 * Requests the cancellation of an order at its pharmacy. Safe to repeat. The order is read first, so
 * that a settled order is noticed even if the request never gets an answer. It is read again after a
 * refusal, because a pharmacy often refuses an order that it has just completed.
 *
 * @returns `granted` if this call cancelled the order; otherwise the order's status at the pharmacy.
 * @throws {PharmacyUnavailableError} `PHARMACY_CANCELLATION_PENDING`: the pharmacy decides later.
 */
export async function cancelAtPharmacy(
  dependencies: ActivityDependencies,
  gateway: PharmacyGateway,
  order: PlacedOrder,
): Promise<'granted' | PharmacyOrder['status']> {
  const before = await readAtPharmacy(dependencies, gateway, order);
  if (isSettled(before)) return before.status;
  const answer = await gateway.cancel(order.pharmacyOrderId, abortSignal());
  if (answer === 'cancelled') return 'granted';
  const { status } = await readAtPharmacy(dependencies, gateway, order);
  if (answer === 'pending' && !isSettled({ status })) {
    throw new PharmacyUnavailableError('PHARMACY_CANCELLATION_PENDING');
  }
  return status;
}

/** Whether the pharmacy has finished with an order: completed, rejected or cancelled it. */
export function isSettled({ status }: Pick<PharmacyOrder, 'status'>): boolean {
  return status !== 'accepted' && status !== 'in_progress';
}
