import { changeStatus } from '../orders/change-status.ts';
import { applyWaitingMessages } from '../orders/inbox.ts';
import type { PharmacyGateway, PharmacyOrder } from '../pharmacy/gateway.ts';
import {
  OrderRefusedError,
  PharmacyFaultError,
  PharmacyUnavailableError,
} from '../pharmacy/pharmacy-errors.ts';
import { inTransaction } from '../storage/transaction.ts';
import { abortSignal } from '../temporal/activity-context.ts';
import type { OrderActivities } from '../workflows/order-activities.ts';
import { readAtPharmacy } from './at-pharmacy.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { endedResult, type OrderRow, readOrderRow } from './order-row.ts';
import { ended, needsAttention, presentEnd } from './record.ts';
import { isSettled } from './settled.ts';

/**
 * Makes the activity `placeOrder`; see {@link OrderActivities}. The pharmacy sees one order: our
 * order id is its reference and idempotency key, so that an attempt after a lost answer, a time-out
 * or a crash meets the order of the attempt before and adopts it. One whose id at the pharmacy is
 * recorded is never placed: by an attempt that was outrun it goes on, one of a person is looked at first.
 */
export function createPlaceOrder({
  database,
  pharmacies,
}: ActivityDependencies): OrderActivities['placeOrder'] {
  return async (orderId) => {
    const order = await readOrderRow(database, orderId);
    const end = endedResult(order);
    if (end !== undefined) return end;
    if (order.status === 'AWAITING_COMPLETION' || order.status === 'FETCHING_DOCUMENTS') {
      // A run before this one came further.
      return { outcome: 'done', settled: order.status === 'FETCHING_DOCUMENTS' };
    }

    if (order.pharmacyOrderId !== null && !(await isFromPerson(order))) {
      // An attempt that was outrun had the pharmacy's own answer.
      await changeStatus(database, order.id, { to: 'AWAITING_COMPLETION', actor: 'system' });
      return { outcome: 'done', settled: false };
    }

    const gateway = await pharmacies.gateway(order.pharmacyId);
    if (gateway === undefined) {
      return await needsAttention(
        database,
        orderId,
        'PHARMACY_UNKNOWN',
        'No pharmacy of this pharmacyId is set up.',
      );
    }
    // Recorded before the call: from here on the pharmacy may have the order.
    const sending = await changeStatus(database, orderId, {
      to: 'PLACING',
      from: order.status,
      actor: 'system',
      sent: true,
    });
    if (sending.status !== 'PLACING') return await presentEnd(database, orderId);

    try {
      const placed = await adoptOrPlace(gateway, order);
      await recordPlaced(order, placed);
      return { outcome: 'done', settled: isSettled(placed) };
    } catch (error) {
      if (error instanceof OrderRefusedError) {
        return await ended(database, orderId, {
          to: 'REJECTED',
          from: 'PLACING',
          actor: 'pharmacy',
          reasonCode: error.code,
          ...(error.reason === undefined ? {} : { reason: error.reason }),
        });
      }
      if (error instanceof PharmacyFaultError) {
        if (error.code === 'PHARMACY_OTHER_REFERENCE') await forgetOthers(order);
        const reason = 'The pharmacy answered in a way that retrying cannot mend.';
        return await needsAttention(database, orderId, error.code, reason, 'PLACING');
      }
      throw error;
    }
  };

  /** Whether a person gave the pharmacy's id, so that it has to be looked at there first. */
  async function isFromPerson({ id, pharmacyOrderId }: OrderRow): Promise<boolean> {
    const given = await database`
      SELECT FROM order_repairs WHERE order_id = ${id}
        AND pharmacy_order_id = ${pharmacyOrderId} AND applied_at IS NOT NULL`;
    return given.length > 0;
  }

  /** An id of somebody else's order must not stay: the next retry places ours, or corrects it. */
  async function forgetOthers({ id, pharmacyOrderId }: OrderRow): Promise<void> {
    await database`
      UPDATE orders SET pharmacy_order_id = NULL
      WHERE id = ${id} AND pharmacy_order_id = ${pharmacyOrderId}`;
  }

  /**
   * Records that the pharmacy has the order. The status follows only while the order is being placed:
   * an attempt that was thought dead must not move one that rests, or that went on.
   *
   * @throws {OutrunError} it was moved by another attempt; the next one, if there is to be any, goes
   *   by what is recorded.
   */
  async function recordPlaced(order: OrderRow, placed: PharmacyOrder): Promise<void> {
    const { changed } = await inTransaction(database, async (sql) => {
      const change = await changeStatus(sql, order.id, {
        to: 'AWAITING_COMPLETION',
        from: 'PLACING',
        actor: 'pharmacy',
        pharmacyOrderId: placed.id,
      });
      if (!change.changed) {
        await sql`
          UPDATE orders SET pharmacy_order_id = ${placed.id}
          WHERE id = ${order.id} AND pharmacy_order_id IS NULL`;
      }
      await applyWaitingMessages(sql, order.id, order.pharmacyId, placed.id);
      return change;
    });
    if (!changed) throw new OutrunError();
  }
}

/** Another attempt at the same step moved the order while this one was at the pharmacy. */
class OutrunError extends Error {
  override readonly name = 'OutrunError';
  readonly code = 'ATTEMPT_OUTRUN';
}

async function adoptOrPlace(gateway: PharmacyGateway, order: OrderRow): Promise<PharmacyOrder> {
  const { id, pharmacyOrderId } = order;
  if (pharmacyOrderId !== null) {
    return await readAtPharmacy(gateway, { id, pharmacyOrderId }, abortSignal());
  }
  const { shippingAddress: _, ...prescription } = order.prescription;
  if (order.shippingAddress === null || order.patient === null) {
    throw new Error(`order ${order.id} was not validated`);
  }
  const { address: __, ...patient } = order.patient;
  const placed = await gateway.place(
    {
      reference: order.id,
      caseId: order.caseId,
      prescription,
      shippingAddress: order.shippingAddress,
      patient,
    },
    abortSignal(),
  );
  if (placed !== 'exists') return placed;
  const existing = await gateway.findByReference(order.id, abortSignal());
  // It said that it has the order: the next attempt asks again.
  if (existing === undefined) throw new PharmacyUnavailableError('PHARMACY_ORDER_NOT_LISTED');
  return existing;
}
