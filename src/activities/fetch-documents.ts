import { v5 as uuidv5 } from 'uuid';
import type { Measures } from '../documents/checked-bytes.ts';
import { DocumentMismatchError } from '../documents/document-errors.ts';
import { changeStatus } from '../orders/change-status.ts';
import { documentKey } from '../orders/order-data-key.ts';
import { expectAnotherHint } from '../orders/pharmacy-message.ts';
import type { PharmacyDocument, PharmacyGateway, PharmacyOrder } from '../pharmacy/gateway.ts';
import {
  PharmacyAnswerError,
  PharmacyFaultError,
  PharmacyUnavailableError,
} from '../pharmacy/pharmacy-errors.ts';
import { abortSignal } from '../temporal/activity-context.ts';
import type { OrderActivities, StepResult } from '../workflows/order-activities.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { NO_DOCUMENTS, type OrderRow, readOrderRow } from './order-row.ts';
import { type PlacedOrder, readAtPharmacy } from './pharmacy-order.ts';
import { untilUsable } from './pharmacy-retry-policy.ts';
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
export function createFetchDocuments(
  dependencies: ActivityDependencies,
): OrderActivities['fetchDocuments'] {
  const { database, pharmacies, documents, settings } = dependencies;
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
        return await ended(database, order.id, {
          to: there.status === 'rejected' ? 'REJECTED' : 'CANCELLED',
          actor: 'pharmacy',
          reasonCode: there.status === 'rejected' ? 'PHARMACY_REJECTED' : 'PHARMACY_CANCELLED',
          ...(there.reason === undefined ? {} : { reason: there.reason }),
        });
      case 'completed':
        await changeStatus(database, order.id, { to: 'FETCHING_DOCUMENTS', actor: 'system' });
        await fetchAll(order, gateway, there);
        return await ended(database, order.id, { to: 'COMPLETED', actor: 'system' });
    }
  }

  /**
   * Fetches all documents. One that fails does not keep the others from being stored.
   *
   * @throws the first error.
   */
  async function fetchAll(
    order: OrderRow,
    gateway: PharmacyGateway,
    { documents: offered, unreadable }: PharmacyOrder,
  ): Promise<void> {
    const isEmpty = offered.length === 0 && unreadable.length === 0;
    // Many pharmacies report the completion before they have rendered the documents.
    if (isEmpty && (order.emptyForMs ?? 0) < settings.graceMs) {
      throw new PharmacyUnavailableError(NO_DOCUMENTS);
    }
    const errors: unknown[] = [];
    for (const document of offered) {
      try {
        await fetchDocument(order, gateway, document);
      } catch (error) {
        errors.push(withDocument(error, document.name));
      }
    }
    if (errors.length > 0) throw errors[0];
    const [field] = unreadable;
    if (field !== undefined) throw new PharmacyAnswerError('PHARMACY_BAD_ANSWER', field);
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
    const measures = await untilUsable(settings, async (): Promise<Measures> => {
      const { bytes, contentType } = await gateway.download(document, abortSignal());
      const announced = { ...document, answeredType: contentType };
      return await documents.put(storageKey, documentKey(key), bytes, announced);
    });
    await recordDocument(database, orderId, { ...document, ...measures, documentId, storageKey });
  }
}

/** Adds the name of the document to an error that is about it. */
function withDocument(error: unknown, name: string): unknown {
  const isAboutDocument = [
    DocumentMismatchError,
    PharmacyAnswerError,
    PharmacyFaultError,
    PharmacyUnavailableError,
  ].some((type) => error instanceof type);
  return isAboutDocument ? Object.assign(error as Error, { document: name }) : error;
}
