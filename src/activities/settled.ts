import type { PharmacyOrder } from '../pharmacy/gateway.ts';

/** Whether the pharmacy is done with an order, for better or worse. */
export function isSettled({ status }: Pick<PharmacyOrder, 'status'>): boolean {
  return status !== 'accepted' && status !== 'in_progress';
}
