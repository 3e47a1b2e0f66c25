import { z } from 'zod';
import { fileName, id, mediaType, optionalText, reason, sha256, size } from './answer-fields.ts';
import type { PharmacyOrder } from './gateway.ts';

/* The answers of a server with the original order endpoint; only the fields that the gateway reads. */

/** The original's order ids are part of a path, so they contain no slash. */
export const caseOrderId = id.refine((text) => !text.includes('/'));

/** The 200 of `PLACE_ORDER` and of `CANCEL_ORDER`. */
export const orderAnswer = z.object({
  data: z.object({ order: z.object({ id: caseOrderId, status: optionalText(64) }) }),
});

/** The 400 of `PLACE_ORDER`. */
export const refusalAnswer = z.object({ error: reason });

/** A document of a case. */
export const caseAttachment = z.object({
  id: id.nullish(),
  orderId: id.optional().catch(undefined),
  fileName,
  isDeleted: z.boolean().optional().catch(undefined),
  createdAt: optionalText(64).transform(timeOf),
  contentType: mediaType,
  size,
  sha256,
  url: optionalText(8_192),
  content: z.string().optional().catch(undefined),
});

export type CaseAttachment = z.output<typeof caseAttachment>;

/** What shows whose a document is, even if the rest of the document cannot be read. */
export const attachmentOwner = caseAttachment
  .pick({ orderId: true, isDeleted: true, createdAt: true })
  .extend({ id: id.nullish().catch(undefined) });

/** An order of a case. */
const caseOrder = z.object({
  id: caseOrderId,
  status: z.unknown().optional().transform(statusOf),
  message: reason,
  trackingId: optionalText(255),
  createdAt: optionalText(64).transform(timeOf),
});

export type CaseOrder = z.output<typeof caseOrder>;

/** A list that may be null; `caseOrder` and `caseAttachment` read its entries. */
const list = z
  .array(z.unknown())
  .nullish()
  .transform((entries) => entries ?? []);

/** The 200 of `customer-case-detail`. An order that cannot be read is not ours. */
export const caseDetailAnswer = z.object({
  caseDetail: z.object({
    orders: list.transform((entries) =>
      entries.flatMap((entry) => {
        const order = caseOrder.safeParse(entry);
        return order.success ? [order.data] : [];
      }),
    ),
    attachments: list,
  }),
});

const STATUSES: ReadonlyMap<string, PharmacyOrder['status']> = new Map([
  ['ACCEPTED', 'accepted'],
  ['COMPLETED', 'completed'],
  ['SHIPPED', 'completed'],
  ['DELIVERED', 'completed'],
  ['REJECTED', 'rejected'],
  ['EXPIRED', 'rejected'],
  ['CANCELLED', 'cancelled'],
  ['CANCELED', 'cancelled'],
]);

/** Maps the server's status to ours; an unknown status counts as `in_progress`. */
export function statusOf(status: unknown): PharmacyOrder['status'] {
  const word = typeof status === 'string' ? status.trim().toUpperCase() : '';
  return STATUSES.get(word) ?? 'in_progress';
}

function timeOf(text: string | undefined): number | undefined {
  const time = Date.parse(text ?? '');
  return Number.isNaN(time) ? undefined : time;
}
