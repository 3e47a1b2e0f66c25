import { setTimeout as sleep } from 'node:timers/promises';
import { v5 as uuidv5 } from 'uuid';
import type { Measures } from '../documents/checked-bytes.ts';
import { DocumentMismatchError } from '../documents/document-errors.ts';
import { changeStatus } from '../orders/change-status.ts';
import { documentKey } from '../orders/order-data-key.ts';
import { expectAnotherHint } from '../orders/pharmacy-message.ts';
import type { PharmacyDocument, PharmacyGateway } from '../pharmacy/gateway.ts';
import { PharmacyFaultError } from '../pharmacy/pharmacy-errors.ts';
import { abortSignal } from '../temporal/activity-context.ts';
import type { OrderActivities, StepResult } from '../workflows/order-activities.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { type OrderRow, readOrderRow } from './order-row.ts';
import { type PlacedOrder, readAtPharmacy } from './pharmacy-order.ts';
import { MAX_DOCUMENT_MISMATCHES, retryDelayMs } from './pharmacy-retry-policy.ts';
import { ended, endedResult, needsAttention } from './step-results.ts';
import { isStored, recordDocument } from './stored-documents.ts';

/** The extensions are for people who open the folder; the content type is stored in the database. */
const EXTENSIONS: ReadonlyMap<string, string> = new Map([
  ['application/pdf', 'pdf'],
  ['image/jpeg', 'jpg'],
  ['image/png', 'png'],
  ['image/tiff', 'tif'],
]);

/** Creates the activity `fetchDocuments`; see {@link OrderActivities}. */
export function createFetchDocuments({
  database,
  pharmacies,
  documents,
  settings,
}: ActivityDependencies): OrderActivities['fetchDocuments'] {
  return async (orderId) => {
    const order = await readOrderRow(database, orderId);
    const end = endedResult(order);
    if (end !== undefined) return end;
    const gateway = await pharmacies.gateway(order.pharmacyId);
    if (gateway === undefined || order.pharmacyOrderId === null) {
      const reason = 'The pharmacy that has the order is no longer set up.';
      return await needsAttention(database, orderId, 'PHARMACY_UNKNOWN', reason);
    }
    try {
      return await followPharmacy({ ...order, pharmacyOrderId: order.pharmacyOrderId }, gateway);
    } catch (error) {
      if (error instanceof PharmacyFaultError) {
        const reason = 'The pharmacy gave an answer that retrying cannot fix.';
        return await needsAttention(database, orderId, error.code, reason);
      }
      if (error instanceof DocumentMismatchError) {
        const reason = 'A document of the pharmacy never matched its announced size and SHA-256.';
        return await needsAttention(database, orderId, 'DOCUMENT_MISMATCH', reason);
      }
      throw error;
    }
  };

  /** Reads the order at the pharmacy and brings ours to the same status. */
  async function followPharmacy(
    order: OrderRow & PlacedOrder,
    gateway: PharmacyGateway,
  ): Promise<StepResult> {
    const there = await readAtPharmacy(gateway, order, abortSignal());
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
        return await ended(database, order.id, {
          to: there.status === 'rejected' ? 'REJECTED' : 'CANCELLED',
          actor: 'pharmacy',
          reasonCode: there.status === 'rejected' ? 'PHARMACY_REJECTED' : 'PHARMACY_CANCELLED',
          ...(there.reason === undefined ? {} : { reason: there.reason }),
        });
      case 'completed':
        await changeStatus(database, order.id, { to: 'FETCHING_DOCUMENTS', actor: 'system' });
        for (const document of there.documents) await fetchDocument(order, gateway, document);
        return await ended(database, order.id, { to: 'COMPLETED', actor: 'system' });
    }
  }

  async function fetchDocument(
    { id: orderId, key }: OrderRow,
    gateway: PharmacyGateway,
    document: PharmacyDocument,
  ): Promise<void> {
    // Derived from the order's id and the pharmacy's id of the document, so that an attempt after a
    // crash recognizes what is already stored.
    const documentId = uuidv5(document.id, orderId);
    if (await isStored(database, documentId)) return;
    const storageKey = `${orderId}/${documentId}.${EXTENSIONS.get(document.contentType) ?? 'bin'}`;
    const measures = await download(gateway, document, storageKey, documentKey(key));
    await recordDocument(database, orderId, { ...document, ...measures, documentId, storageKey });
  }

  async function download(
    gateway: PharmacyGateway,
    document: PharmacyDocument,
    storageKey: string,
    orderKey: Uint8Array,
  ): Promise<Measures> {
    for (let mismatches = 0; ; ) {
      try {
        const bytes = await gateway.download(document, abortSignal());
        return await documents.put(storageKey, orderKey, bytes, document);
      } catch (error) {
        if (!(error instanceof DocumentMismatchError)) throw error;
        mismatches += 1;
        if (mismatches === MAX_DOCUMENT_MISMATCHES) throw error;
        await sleep(retryDelayMs(mismatches, settings), undefined, { signal: abortSignal() });
      }
    }
  }
}
