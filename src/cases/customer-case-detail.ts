import type {
  CaseDetailAttachment,
  CaseDetailOrder,
  CustomerCaseDetail,
} from '../contract/customer-case-detail.ts';
import type { OrderStatus } from '../contract/order.ts';
import type { SubjectKey } from '../keys/subject-key.ts';
import { timestamp } from '../lib/timestamp.ts';
import { openOrderDataKey } from '../orders/order-data-key.ts';
import { CaseNotPermittedError } from '../orders/order-errors.ts';
import { openDocumentName } from '../orders/read-order.ts';
import type { Sql } from '../storage/database.ts';

/** Orders and attachments that one answer holds; the lists have pages for more. */
const MOST = 1_000;

/** A stored document of a case, with the place of its bytes. */
export interface CaseDocument {
  readonly attachment: Omit<CaseDetailAttachment, 'url' | 'content'>;
  readonly storageKey: string;
  /** The key of its order. */
  readonly key: SubjectKey;
}

/** What {@link readCaseDetail} gives: the detail, and what its attachments are made of. */
export interface CaseDetail {
  readonly detail: Omit<CustomerCaseDetail, 'attachments'>;
  /** The newest first; undefined when they were not asked for. */
  readonly documents?: readonly CaseDocument[];
}

/**
 * Reads a case as the original shows it (api.md, `GET /api/v1/customer-case-detail`), with its newest
 * thousand orders and documents where they are asked for.
 *
 * @throws {CaseNotPermittedError} the case is not the organization's.
 */
export async function readCaseDetail(
  sql: Sql,
  { organizationId, caseId }: { readonly organizationId: string; readonly caseId: string },
  include: { readonly orders: boolean; readonly attachments: boolean },
): Promise<CaseDetail> {
  const [row] = await sql<CaseRow[]>`
    SELECT id, created_at, updated_at,
      (SELECT status FROM orders WHERE case_id = cases.id
        ORDER BY created_at DESC, id DESC LIMIT 1) AS status
    FROM cases WHERE id = ${caseId} AND organization_id = ${organizationId}`;
  if (row === undefined) throw new CaseNotPermittedError();
  const orders = include.orders ? await readOrders(sql, caseId) : undefined;
  const documents = include.attachments ? await readDocuments(sql, caseId) : undefined;
  return {
    detail: {
      id: row.id,
      status: row.status ?? 'CREATED',
      createdAt: timestamp(row.createdAt),
      updatedAt: timestamp(row.updatedAt),
      ...(orders === undefined ? {} : { orders }),
    },
    ...(documents === undefined ? {} : { documents }),
  };
}

async function readOrders(sql: Sql, caseId: string): Promise<CaseDetailOrder[]> {
  const rows = await sql<OrderRow[]>`
    SELECT id, data_key, status, reason AS message, created_at,
      (SELECT tracking_id FROM shipments WHERE order_id = orders.id
        ORDER BY id DESC LIMIT 1) AS tracking_id
    FROM orders WHERE case_id = ${caseId}
    ORDER BY created_at DESC, id DESC LIMIT ${MOST}`;
  return await Promise.all(
    rows.map(async ({ id, dataKey, status, trackingId, message, createdAt }) => {
      const key = await openOrderDataKey(sql, id, dataKey);
      return {
        id,
        status,
        trackingId: key?.open('trackingId', trackingId) ?? null,
        message: key?.open('reason', message) ?? null,
        createdAt: timestamp(createdAt),
      };
    }),
  );
}

async function readDocuments(sql: Sql, caseId: string): Promise<CaseDocument[]> {
  const rows = await sql<DocumentRow[]>`
    SELECT documents.id, order_id, name, content_type, size, sha256, storage_key, documents.created_at,
      pharmacy_id, data_key
    FROM documents JOIN orders ON orders.id = order_id
    WHERE case_id = ${caseId}
    ORDER BY documents.created_at DESC, documents.id DESC LIMIT ${MOST}`;
  const found = rows.map(async ({ name, ...row }): Promise<CaseDocument[]> => {
    const key = await openOrderDataKey(sql, row.orderId, row.dataKey);
    if (key === undefined) return []; // erased
    const attachment = toAttachment({ ...row, name: openDocumentName(key, row.id, name) });
    return [{ attachment, storageKey: row.storageKey, key }];
  });
  return (await Promise.all(found)).flat();
}

/** A document in the original's words (api.md, `payload.attachment`). */
function toAttachment(row: DocumentRow): CaseDocument['attachment'] {
  return {
    id: row.id,
    orderId: row.orderId,
    isRestricted: false,
    isPHI: true,
    fileName: row.name,
    isDeleted: false,
    createdAt: timestamp(row.createdAt),
    // The original names a person; here a pharmacy made it.
    uploadedBy: { firstName: 'Pharmacy', lastName: row.pharmacyId },
    contentType: row.contentType,
    size: Number(row.size),
    sha256: row.sha256,
  };
}

interface CaseRow {
  id: string;
  status: OrderStatus | null;
  createdAt: Date;
  updatedAt: Date;
}

interface OrderRow {
  id: string;
  dataKey: string | null;
  status: OrderStatus;
  message: string | null;
  trackingId: string | null;
  createdAt: Date;
}

interface DocumentRow {
  id: string;
  orderId: string;
  dataKey: string | null;
  name: string;
  contentType: string;
  size: string;
  sha256: string;
  storageKey: string;
  createdAt: Date;
  pharmacyId: string;
}
