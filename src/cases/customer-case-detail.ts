import type {
  CaseDetailAttachment,
  CaseDetailOrder,
  CustomerCaseDetail,
} from '../contract/customer-case-detail.ts';
import type { OrderStatus } from '../contract/order.ts';
import type { SubjectKey } from '../keys/subject-key.ts';
import { timestamp } from '../lib/timestamp.ts';
import { openOrderReader } from '../orders/order-data-key.ts';
import { CaseNotPermittedError } from '../orders/order-errors.ts';
import { openDocumentName } from '../orders/read-order.ts';
import type { Sql } from '../storage/database.ts';
import { caseEmailHash } from './sealed-case.ts';

/** Maximum number of orders and of attachments in one answer. The list routes have pages. */
const MAX_ITEMS = 1_000;

/** A stored document of a case, and where to find its bytes. */
export interface CaseDocument {
  readonly attachment: Omit<CaseDetailAttachment, 'url' | 'content'>;
  readonly storageKey: string;
  /** The key of the document's order; undefined if it is broken, so that the bytes cannot be read. */
  readonly key: SubjectKey | undefined;
}

/** The result of {@link readCaseDetail}. */
export interface CaseDetail {
  readonly detail: Omit<CustomerCaseDetail, 'attachments'>;
  /** The documents for `detail.attachments`, newest first; undefined if they were not requested. */
  readonly documents?: readonly CaseDocument[];
}

/**
 * Reads a case as the original API returns it (docs/api.md, "The case read of the original API"), on request
 * with its newest 1,000 orders and 1,000 documents.
 *
 * @throws {CaseNotPermittedError} the case does not exist, or belongs to another organization.
 */
export async function readCaseDetail(
  sql: Sql,
  key: CaseKey,
  include: { readonly orders: boolean; readonly attachments: boolean },
): Promise<CaseDetail> {
  const [row] = await sql<CaseRow[]>`
    SELECT id, created_at, updated_at,
      (SELECT status FROM orders
        WHERE organization_id = cases.organization_id AND case_id = cases.id
        ORDER BY created_at DESC, id DESC LIMIT 1) AS status
    FROM cases WHERE id = ${key.caseId} AND organization_id = ${key.organizationId}`;
  if (row === undefined) throw new CaseNotPermittedError();
  const orders = include.orders ? await readOrders(sql, key) : undefined;
  const documents = include.attachments ? await readDocuments(sql, key) : undefined;
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

/**
 * Finds the newest case of a patient by email.
 *
 * @param hashSecret the secret of the keyed hash of emails.
 * @returns the id of the case.
 * @throws {CaseNotPermittedError} the organization has no case with this email.
 */
export async function findCaseByEmail(
  sql: Sql,
  hashSecret: string,
  { organizationId, email }: { readonly organizationId: string; readonly email: string },
): Promise<string> {
  const [row] = await sql<{ id: string }[]>`
    SELECT id FROM cases
    WHERE organization_id = ${organizationId}
      AND email_hash = ${caseEmailHash(hashSecret, organizationId, email)}
    ORDER BY created_at DESC, id DESC LIMIT 1`;
  if (row === undefined) throw new CaseNotPermittedError();
  return row.id;
}

async function readOrders(
  sql: Sql,
  { organizationId, caseId }: CaseKey,
): Promise<CaseDetailOrder[]> {
  const rows = await sql<OrderRow[]>`
    SELECT id, data_key, status, reason AS message, created_at,
      (SELECT tracking_id FROM shipments WHERE order_id = orders.id
        ORDER BY id DESC LIMIT 1) AS tracking_id
    FROM orders WHERE organization_id = ${organizationId} AND case_id = ${caseId}
    ORDER BY created_at DESC, id DESC LIMIT ${MAX_ITEMS}`;
  return await Promise.all(
    rows.map(async ({ id, dataKey, status, trackingId, message, createdAt }) => {
      const reader = await openOrderReader(sql, id, dataKey);
      return {
        id,
        status,
        trackingId: reader.open('trackingId', trackingId),
        message: reader.open('reason', message),
        createdAt: timestamp(createdAt),
      };
    }),
  );
}

async function readDocuments(
  sql: Sql,
  { organizationId, caseId }: CaseKey,
): Promise<CaseDocument[]> {
  const rows = await sql<DocumentRow[]>`
    SELECT documents.id, order_id, name, content_type, size, sha256, storage_key, documents.created_at,
      deleted_at, pharmacy_id, data_key
    FROM documents JOIN orders ON orders.id = order_id
    WHERE organization_id = ${organizationId} AND case_id = ${caseId}
      -- A version that was superseded is not a document of its own.
      AND NOT EXISTS (SELECT FROM documents AS newer
        WHERE newer.supersedes = documents.id AND newer.order_id = documents.order_id)
    ORDER BY documents.created_at DESC, documents.id DESC LIMIT ${MAX_ITEMS}`;
  const found = rows.map(async ({ name, ...row }): Promise<CaseDocument[]> => {
    const reader = await openOrderReader(sql, row.orderId, row.dataKey);
    if (reader.isErased) return [];
    const attachment = toAttachment({ ...row, name: openDocumentName(reader, row.id, name) });
    return [{ attachment, storageKey: row.storageKey, key: reader.key }];
  });
  return (await Promise.all(found)).flat();
}

/** Converts a document to the format of the original API (docs/webhooks.md, "Events"). */
function toAttachment(row: DocumentRow): CaseDocument['attachment'] {
  return {
    id: row.id,
    orderId: row.orderId,
    isRestricted: false,
    isPHI: true,
    fileName: row.name,
    isDeleted: row.deletedAt !== null,
    createdAt: timestamp(row.createdAt),
    // The original API names the person who uploaded the file; ours come from a pharmacy.
    uploadedBy: { firstName: 'Pharmacy', lastName: row.pharmacyId },
    contentType: row.contentType,
    size: Number(row.size),
    sha256: row.sha256,
  };
}

interface CaseKey {
  readonly organizationId: string;
  readonly caseId: string;
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
  deletedAt: Date | null;
  pharmacyId: string;
}
