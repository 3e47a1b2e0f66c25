import { DocumentMismatchError } from '../documents/document-errors.ts';
import { documentKey } from '../orders/order-data-key.ts';
import { isEnd } from '../orders/status.ts';
import type { PharmacyDocument, PharmacyGateway, PharmacyOrder } from '../pharmacy/gateway.ts';
import { PharmacyAnswerError, PharmacyCallError } from '../pharmacy/pharmacy-errors.ts';
import { abortSignal } from '../temporal/activity-context.ts';
import type { ActivityDependencies } from './dependencies.ts';
import type { OrderRow } from './order-row.ts';
import { untilUsable } from './pharmacy-retry-policy.ts';
import {
  type NewestVersions,
  nextVersion,
  readNewestVersions,
  recordDocument,
  recordWithdrawal,
} from './stored-documents.ts';

/** The extensions are for people who open the folder; the content type is stored in the database. */
const EXTENSIONS: ReadonlyMap<string, string> = new Map([
  ['application/pdf', 'pdf'],
  ['image/jpeg', 'jpg'],
  ['image/png', 'png'],
  ['image/tiff', 'tif'],
]);

/** Brings the stored documents of an order to what the pharmacy offers. */
export type FetchDocuments = (
  order: OrderRow,
  gateway: PharmacyGateway,
  there: PharmacyOrder,
) => Promise<void>;

/**
 * Creates the function that fetches the documents of an order. It stores what is new, a changed document
 * as a new version, and records what the pharmacy withdrew. One document that fails does not keep the
 * others from being stored; the function then fails with the first error.
 */
export function createDocumentFetcher(dependencies: ActivityDependencies): FetchDocuments {
  const { database, documents, settings } = dependencies;
  const { documentLimitBytes: limitBytes } = settings;

  /**
   * Returns our id of the document, which is stored then.
   *
   * @param stored the newest versions; a version that the call stores is added.
   */
  async function fetchDocument(
    { id: orderId, key, status }: OrderRow,
    gateway: PharmacyGateway,
    document: PharmacyDocument,
    stored: NewestVersions,
  ): Promise<string> {
    // Before the end a document is fetched once. News after the end may be about a change that the list cannot show.
    const isAgain = isEnd(status) && stored.has(document.id);
    const described = isAgain ? await measured(gateway, document) : document;
    const next = nextVersion(stored, orderId, described);
    if ('storedId' in next) return next.storedId;
    const { documentId } = next;
    const storageKey = `${orderId}/${documentId}.${EXTENSIONS.get(document.contentType) ?? 'bin'}`;
    const { bytes, announced } = await download(gateway, document);
    const measures = await documents.put(storageKey, documentKey(key), bytes, announced);
    const order = { id: orderId, key };
    await recordDocument(database, order, { ...document, ...measures, ...next, storageKey });
    stored.set(document.id, {
      ...{ id: documentId, pharmacyDocumentId: document.id, version: next.version },
      ...{ sha256: measures.sha256, size: measures.size, isDeleted: false },
    });
    return documentId;
  }

  async function download(gateway: PharmacyGateway, document: PharmacyDocument) {
    const { bytes, contentType } = await gateway.download(document, abortSignal());
    return { bytes, announced: { ...document, answeredType: contentType, limitBytes } };
  }

  /** Adds size and hash of the present bytes to a document whose list entry has neither. */
  async function measured(
    gateway: PharmacyGateway,
    document: PharmacyDocument,
  ): Promise<PharmacyDocument> {
    if (document.size !== undefined || document.sha256 !== undefined) return document;
    try {
      const { bytes, announced } = await download(gateway, document);
      const { size, sha256 } = await documents.measure(bytes, announced);
      return { ...document, size, sha256 };
    } catch (error) {
      // It is stored, and an old link may no longer work.
      if (isAboutDocument(error)) return document;
      throw error;
    }
  }

  /**
   * As {@link fetchDocument}, until the bytes are what the pharmacy announces. Each further attempt reads
   * the order again: the pharmacy may have changed the document after the first read.
   */
  async function fetchUsable(
    order: OrderRow,
    gateway: PharmacyGateway,
    pharmacyOrderId: string,
    document: PharmacyDocument,
    stored: NewestVersions,
  ): Promise<string> {
    let isFirst = true;
    return await untilUsable(settings, async () => {
      const offered = isFirst ? [] : (await gateway.get(pharmacyOrderId, abortSignal())).documents;
      isFirst = false;
      const present = offered.find(({ id }) => id === document.id) ?? document;
      return await fetchDocument(order, gateway, present, stored);
    });
  }

  return async (
    order,
    gateway,
    { id: pharmacyOrderId, documents: offered, withdrawn, unreadable },
  ) => {
    const errors: unknown[] = [];
    const offeredIds: string[] = [];
    const stored: NewestVersions = new Map(
      order.hasDocuments ? await readNewestVersions(database, order.id) : [],
    );
    for (const document of offered) {
      try {
        offeredIds.push(await fetchUsable(order, gateway, pharmacyOrderId, document, stored));
      } catch (error) {
        errors.push(withDocument(error, document.name));
      }
    }
    for (const id of withdrawn) {
      await recordWithdrawal(database, order.id, stored, { id, offeredIds });
    }
    if (errors.length > 0) throw errors[0];
    const [field] = unreadable;
    if (field !== undefined) throw new PharmacyAnswerError('PHARMACY_BAD_ANSWER', field);
  };
}

/** Adds the name of the document to an error that is about it. */
function withDocument(error: unknown, name: string): unknown {
  return isAboutDocument(error) ? Object.assign(error, { document: name }) : error;
}

function isAboutDocument(error: unknown): error is PharmacyCallError | DocumentMismatchError {
  return error instanceof PharmacyCallError || error instanceof DocumentMismatchError;
}
