import type { DocumentView, OrderView, ShipmentView } from '../contract/order.ts';
import type { Sql } from '../storage/database.ts';
import { OrderNotFoundError } from './errors.ts';
import { type SummaryRow, summaryColumns, toSummary } from './order-summary.ts';
import { timestamp } from './timestamp.ts';

/** Which order, and who may see it. Without `caseId` the order is found in any of its cases. */
export interface OrderKey {
  readonly organizationId: string;
  readonly orderId: string;
  readonly caseId?: string;
}

/**
 * Reads one order of an organization as the API shows it.
 *
 * @throws {OrderNotFoundError} the organization has no such order (in that case).
 */
export async function readOrder(sql: Sql, key: OrderKey): Promise<OrderView> {
  if (!isUuid(key.orderId) || key.caseId?.includes('\0')) throw new OrderNotFoundError();
  const [row] = await sql<OrderRow[]>`
    SELECT ${summaryColumns(sql)},
      (SELECT coalesce(json_agg(json_build_object(
          'id', id, 'name', name, 'contentType', content_type, 'size', size, 'sha256', sha256,
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
  return {
    ...toSummary(row),
    documents: row.documents.map((document) => ({
      ...document,
      createdAt: timestamp(document.createdAt),
    })),
    shipments: row.shipments.map((shipment) => ({
      ...(shipment.carrier === null ? {} : { carrier: shipment.carrier }),
      trackingId: shipment.trackingId,
      ...(shipment.trackingUrl === null ? {} : { trackingUrl: shipment.trackingUrl }),
      addedAt: timestamp(shipment.addedAt),
    })),
  };
}

/** A stored document with the place of its bytes. */
export interface StoredDocument extends DocumentView {
  readonly storageKey: string;
}

/**
 * Finds one stored document of an order.
 *
 * @throws {OrderNotFoundError} the organization has no such document in that order and case.
 */
export async function readDocument(
  sql: Sql,
  key: Required<OrderKey>,
  documentId: string,
): Promise<StoredDocument> {
  if (!isUuid(key.orderId) || !isUuid(documentId) || key.caseId.includes('\0')) {
    throw new OrderNotFoundError('document');
  }
  const [row] = await sql<DocumentRow[]>`
    SELECT documents.id, name, content_type, size, sha256, storage_key, documents.created_at
    FROM documents JOIN orders ON orders.id = order_id
    WHERE documents.id = ${documentId} AND order_id = ${key.orderId}
      AND case_id = ${key.caseId} AND organization_id = ${key.organizationId}`;
  if (row === undefined) throw new OrderNotFoundError('document');
  return toDocument(row);
}

function toDocument(row: DocumentRow): StoredDocument {
  return { ...row, size: Number(row.size), createdAt: timestamp(row.createdAt) };
}

/**
 * Finds a document by its id alone, for whoever holds a valid link to it.
 *
 * @throws {OrderNotFoundError} there is no such document.
 */
export async function readLinkedDocument(sql: Sql, documentId: string): Promise<StoredDocument> {
  const [row] = await sql<DocumentRow[]>`
    SELECT id, name, content_type, size, sha256, storage_key, created_at
    FROM documents WHERE id = ${documentId}`;
  if (row === undefined) throw new OrderNotFoundError('document');
  return toDocument(row);
}

/**
 * Finds the order that holds an idempotency key.
 *
 * @throws {OrderNotFoundError} none of the organization's orders does.
 */
export async function readOrderByIdempotencyKey(
  sql: Sql,
  organizationId: string,
  idempotencyKey: string,
): Promise<OrderView> {
  const [row] = await sql<{ id: string }[]>`
    SELECT id FROM orders
    WHERE organization_id = ${organizationId} AND idempotency_key = ${idempotencyKey}`;
  if (row === undefined) throw new OrderNotFoundError();
  return await readOrder(sql, { organizationId, orderId: row.id });
}

/** Whether a case is this organization's. */
export async function isCaseOf(sql: Sql, organizationId: string, caseId: string): Promise<boolean> {
  if (caseId.includes('\0')) return false;
  const rows = await sql`
    SELECT FROM cases WHERE id = ${caseId} AND organization_id = ${organizationId}`;
  return rows.length > 0;
}

/** Whether a text is a UUID; Postgres refuses to compare a uuid column with anything else. */
export function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}

interface OrderRow extends SummaryRow {
  documents: DocumentView[];
  shipments: (Omit<ShipmentView, 'carrier' | 'trackingUrl'> & {
    carrier: string | null;
    trackingUrl: string | null;
  })[];
}

interface DocumentRow extends Omit<StoredDocument, 'size' | 'createdAt'> {
  size: string;
  createdAt: Date;
}
