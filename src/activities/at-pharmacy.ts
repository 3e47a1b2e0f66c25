import type { PharmacyGateway, PharmacyOrder } from '../pharmacy/gateway.ts';
import { PharmacyFaultError } from '../pharmacy/pharmacy-errors.ts';

/** An order that the pharmacy has, as Postgres knows it. */
export interface PlacedOrder {
  readonly id: string;
  readonly pharmacyOrderId: string;
}

/**
 * Reads an order at its pharmacy. The pharmacy's id may have been typed by a person: an order that
 * tells a reference which is not ours is another patient's.
 *
 * @throws {PharmacyFaultError} `PHARMACY_OTHER_REFERENCE`; and what `gateway.get` throws.
 */
export async function readAtPharmacy(
  gateway: PharmacyGateway,
  { id, pharmacyOrderId }: PlacedOrder,
  signal: AbortSignal,
): Promise<PharmacyOrder> {
  const order = await gateway.get(pharmacyOrderId, signal);
  // A protocol without references tells an empty one.
  if (order.reference !== '' && order.reference !== id) {
    throw new PharmacyFaultError('PHARMACY_OTHER_REFERENCE');
  }
  return order;
}
