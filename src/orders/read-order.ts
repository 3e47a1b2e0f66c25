import type { DocumentView, OrderView, ShipmentView } from '../contract/order.ts';
import { SealBrokenError } from '../keys/aead.ts';
import { idempotencyHash } from '../keys/keyed-hash.ts';
import type { SubjectKey } from '../keys/subject-key.ts';
import { timestamp } from '../lib/timestamp.ts';
import { isUuid } from '../lib/uuid.ts';
import type { Database, Sql } from '../storage/database.ts';
import { forOrganization } from '../storage/row-level-security.ts';
import { type OrderReader, openOrderReader } from './order-data-key.ts';
import { OrderNotFoundError } from './order-errors.ts';
import { type SummaryRow, summaryColumns, toSummary } from './order-summary.ts';

/** Identifies an order of an organization. Without `caseId` the order may be in any of its cases. */
export interface OrderRef {
  readonly organizationId: string;
  readonly orderId: string;
  readonly caseId?: string;
}

/**
 * Reads an order of an organization as the API shows it.
 *
 * @throws {OrderNotFoundError} the organization has no such order (in that case).
 */
export async function readOrder(sql: Sql, key: OrderRef): Promise<OrderView> {
  if (!isUuid(key.orderId) || key.caseId?.includes('\0')) throw new OrderNotFoundError();
  const [row] = await sql<OrderRow[]>`
    SELECT ${summaryColumns(sql)},
      (SELECT coalesce(json_agg(json_build_object(
          'id', id, 'name', name, 'contentType', content_type, 'size', size, 'sha256', sha256,
          'version', version, 'supersedes', supersedes, 'deletedAt', deleted_at,
          'createdAt', created_at) ORDER BY created_at, id), '[]')
        FROM documents WHERE order_id = orders.id) AS documents,
      (SELECT coalesce(json_agg(json_build_object(
          'carrier', carrier, 'trackingId', tracking_id, 'trackingUrl', tracking_url,
          'addedAt', added_at) ORDER BY id), '[]')
        FROM shipments WHERE order_id = orders.id) AS shipments
    FROM orders
    WHERE id = ${key.orderId} AND organization_id = ${key.organizationId}
      AND ${key.caseId === undefined ? sql`true` : sql`case_id = ${key.caseId}`}`;
  if (row === undefined) throw new OrderNotFoundError();
  const reader = await openOrderReader(sql, row.id, row.dataKey);
  const documents = row.documents.map((each) => toView(reader, each));
  const shipments = row.shipments.map((each) => toShipment(reader, each));
  // The summary comes last: it shows whether any field was unreadable.
  return { ...toSummary(row, reader), documents, shipments };
}

function toView(
  reader: OrderReader,
  { name, supersedes, deletedAt, ...document }: SealedDocument,
): DocumentView {
  return {
    ...document,
    name: openDocumentName(reader, document.id, name),
    ...(supersedes === null ? {} : { supersedes }),
    ...(deletedAt === null ? {} : { deletedAt: timestamp(deletedAt) }),
    createdAt: timestamp(document.createdAt),
  };
}

/** A document as Postgres has it; `name` is encrypted. */
interface SealedDocument extends Omit<DocumentView, 'supersedes' | 'deletedAt'> {
  readonly supersedes: string | null;
  readonly deletedAt: string | Date | null;
}

/** Decrypts a document's name. */
export function openDocumentName(reader: OrderReader, documentId: string, sealed: string): string {
  return reader.open(documentNameField(documentId), sealed) ?? UNREADABLE;
}

/** Replaces a text that is required and whose seal is broken. */
const UNREADABLE = 'unreadable';

/** The field name under which a document's name is encrypted. */
export function documentNameField(documentId: string): string {
  return `document/${documentId}/name`;
}

function toShipment(reader: OrderReader, row: ShipmentRow): ShipmentView {
  const carrier = reader.open('carrier', row.carrier);
  const trackingUrl = reader.open('trackingUrl', row.trackingUrl);
  return {
    ...(carrier === null ? {} : { carrier }),
    trackingId: reader.open('trackingId', row.trackingId) ?? UNREADABLE,
    ...(trackingUrl === null ? {} : { trackingUrl }),
    addedAt: timestamp(row.addedAt),
  };
}

/** A stored document, with what is needed to read its bytes. */
export interface StoredDocument extends DocumentView {
  readonly storageKey: string;
  /** The data key of its order. */
  readonly key: SubjectKey;
}

/**
 * Finds one stored document of an order.
 *
 * @throws {OrderNotFoundError} the organization has no such document in that order and case.
 */
export async function readDocument(
  sql: Sql,
  key: Required<OrderRef>,
  documentId: string,
): Promise<StoredDocument> {
  if (!isUuid(key.orderId) || !isUuid(documentId) || key.caseId.includes('\0')) {
    throw new OrderNotFoundError('document');
  }
  const [row] = await sql<DocumentRow[]>`
    SELECT ${documentColumns(sql)}
    FROM documents JOIN orders ON orders.id = order_id
    WHERE documents.id = ${documentId} AND order_id = ${key.orderId}
      AND case_id = ${key.caseId} AND organization_id = ${key.organizationId}`;
  return await toDocument(sql, row);
}

function documentColumns(sql: Sql) {
  return sql`documents.id, name, content_type, size, sha256, version, supersedes, deleted_at, storage_key,
    documents.created_at, order_id, data_key`;
}

async function toDocument(sql: Sql, row: DocumentRow | undefined): Promise<StoredDocument> {
  // An erased order has no documents.
  if (row === undefined || row.dataKey === null) throw new OrderNotFoundError('document');
  const { dataKey, orderId, storageKey, ...document } = row;
  const reader = await openOrderReader(sql, orderId, dataKey);
  const { key } = reader;
  // The bytes are encrypted with a key that derives from the data key.
  if (key === undefined) throw new SealBrokenError();
  return {
    ...toView(reader, { ...document, size: Number(row.size), createdAt: timestamp(row.createdAt) }),
    storageKey,
    key,
  };
}

/** A document that a link names, and what it belongs to. */
export interface LinkedDocument {
  readonly document: StoredDocument;
  readonly owner: Required<OrderRef>;
}

/**
 * Finds a document by its id alone, for a caller with a valid link to it.
 *
 * @throws {OrderNotFoundError} there is no such document.
 */
export async function readLinkedDocument(
  database: Database,
  documentId: string,
): Promise<LinkedDocument> {
  const [owner] = await database<{ organizationId: string | null }[]>`
    SELECT organization_of_document(${documentId}) AS organization_id`;
  const organizationId = owner?.organizationId;
  if (!organizationId) throw new OrderNotFoundError('document');
  return await forOrganization(database, organizationId, async (sql) => {
    const [row] = await sql<(DocumentRow & { caseId: string })[]>`
      SELECT ${documentColumns(sql)}, case_id
      FROM documents JOIN orders ON orders.id = order_id WHERE documents.id = ${documentId}`;
    if (row === undefined) throw new OrderNotFoundError('document');
    const { caseId, ...found } = row;
    const document = await toDocument(sql, found);
    return { document, owner: { organizationId, caseId, orderId: row.orderId } };
  });
}

/**
 * Finds the order that has an idempotency key.
 *
 * @param hashSecret the key of the hash that the lookup uses.
 * @throws {OrderNotFoundError} no order of the organization has the idempotency key.
 */
export async function readOrderByIdempotencyKey(
  sql: Sql,
  hashSecret: string,
  organizationId: string,
  idempotencyKey: string,
): Promise<OrderView> {
  const hash = idempotencyHash(hashSecret, organizationId, idempotencyKey);
  const [row] = await sql<{ id: string }[]>`
    SELECT id FROM orders
    WHERE organization_id = ${organizationId} AND idempotency_hash = ${hash}`;
  if (row === undefined) throw new OrderNotFoundError();
  return await readOrder(sql, { organizationId, orderId: row.id });
}

/** Whether a case belongs to an organization. */
export async function isCaseOf(sql: Sql, organizationId: string, caseId: string): Promise<boolean> {
  if (caseId.includes('\0')) return false;
  const rows = await sql`
    SELECT FROM cases WHERE id = ${caseId} AND organization_id = ${organizationId}`;
  return rows.length > 0;
}

interface OrderRow extends SummaryRow {
  documents: SealedDocument[];
  shipments: ShipmentRow[];
}

interface ShipmentRow extends Omit<ShipmentView, 'carrier' | 'trackingUrl'> {
  carrier: string | null;
  trackingUrl: string | null;
}

interface DocumentRow extends Omit<SealedDocument, 'size' | 'createdAt'> {
  storageKey: string;
  orderId: string;
  dataKey: string | null;
  size: string;
  createdAt: Date;
}
