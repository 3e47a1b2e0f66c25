import type { PharmacyGateway, PharmacyOrder } from '../pharmacy/gateway.ts';
import { type PlacedOrder, readAtPharmacy } from './at-pharmacy.ts';
import { isSettled } from './settled.ts';

/**
 * Asks a pharmacy to cancel an order. It is looked at first, so that one that is done there is
 * noticed even where the request to cancel never gets an answer; and after a refusal, because too
 * late often means that it was completed just now. Safe to repeat.
 *
 * @returns `granted` when this call cancelled the order; else where the order is there.
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
