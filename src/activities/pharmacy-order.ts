import type { PharmacyGateway, PharmacyOrder } from '../pharmacy/gateway.ts';
import { PharmacyFaultError } from '../pharmacy/pharmacy-errors.ts';

/** An order that the pharmacy has, with both of its ids. */
export interface PlacedOrder {
  /** Our id, which the pharmacy keeps as the order's reference. */
  readonly id: string;
  readonly pharmacyOrderId: string;
}

/**
 * Reads an order at its pharmacy and checks that it is ours. An operator may have entered the
 * pharmacy's id by hand: an order with another reference belongs to another patient.
 *
 * @throws {PharmacyFaultError} `PHARMACY_OTHER_REFERENCE`; and everything that `gateway.get` throws.
 */
export async function readAtPharmacy(
  gateway: PharmacyGateway,
  { id, pharmacyOrderId }: PlacedOrder,
  signal: AbortSignal,
): Promise<PharmacyOrder> {
  const order = await gateway.get(pharmacyOrderId, signal);
  // The `carevalidate` protocol has no references; its gateway returns an empty one.
  if (order.reference !== '' && order.reference !== id) {
    throw new PharmacyFaultError('PHARMACY_OTHER_REFERENCE');
  }
  return order;
}

/**
 * Requests the cancellation of an order at its pharmacy. Safe to repeat. The order is read first, so
 * that a settled order is noticed even if the request never gets an answer. It is read again after a
 * refusal, because a pharmacy often refuses an order that it has just completed.
 *
 * @returns `granted` if this call cancelled the order; otherwise the order's status at the pharmacy.
 */
export async function cancelAtPharmacy(
  gateway: PharmacyGateway,
  order: PlacedOrder,
  signal: AbortSignal,
): Promise<'granted' | PharmacyOrder['status']> {
  const before = await readAtPharmacy(gateway, order, signal);
  if (isSettled(before)) return before.status;
  if ((await gateway.cancel(order.pharmacyOrderId, signal)) === 'cancelled') return 'granted';
  return (await readAtPharmacy(gateway, order, signal)).status;
}

/** Whether the pharmacy has finished with an order: completed, rejected or cancelled it. */
export function isSettled({ status }: Pick<PharmacyOrder, 'status'>): boolean {
  return status !== 'accepted' && status !== 'in_progress';
}
