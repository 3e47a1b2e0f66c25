import { z } from 'zod';
import type { PharmacyOrder } from './gateway.ts';

/* The answers of a server with the original order endpoint; only the fields that the gateway reads. */

/** Postgres stores no NUL: an id with one is invalid; from other texts it is removed. */
const idSchema = z.string().regex(/^[^\0/]{1,255}$/);
const textSchema = z.string().transform((text) => text.replaceAll('\0', ''));

/** The 200 of `PLACE_ORDER` and of `CANCEL_ORDER`. */
export const orderAnswer = z.object({
  data: z.object({ order: z.object({ id: idSchema, status: z.string().optional() }) }),
});

/** The 400 of `PLACE_ORDER`. */
export const refusalAnswer = z.object({
  error: textSchema.pipe(z.string().max(2_000)).optional().catch(undefined),
});

const attachmentSchema = z.object({
  id: idSchema,
  orderId: z.string().optional().catch(undefined),
  fileName: textSchema.pipe(z.string().min(1).max(1_000)).catch('document'),
  isDeleted: z.boolean().optional().catch(undefined),
  contentType: textSchema.pipe(z.string().min(1).max(255)).catch('application/octet-stream'),
  size: z.number().int().nonnegative().optional().catch(undefined),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/i)
    .toLowerCase()
    .optional()
    .catch(undefined),
  url: z.string().min(1).optional(),
  content: z.string().optional(),
});

/** A document of a case. */
export type CaseAttachment = z.output<typeof attachmentSchema>;

/** The 200 of `customer-case-detail`. */
export const caseDetailAnswer = z.object({
  caseDetail: z.object({
    id: z.string(),
    orders: z
      .array(
        z.object({
          id: idSchema,
          status: z.string(),
          message: textSchema.nullish().transform((message) => message ?? undefined),
        }),
      )
      .nullish()
      .transform((orders) => orders ?? []),
    attachments: z
      .array(attachmentSchema)
      .nullish()
      .transform((attachments) => attachments ?? []),
  }),
});

const STATUSES: ReadonlyMap<string, PharmacyOrder['status']> = new Map([
  ['ACCEPTED', 'accepted'],
  ['COMPLETED', 'completed'],
  ['REJECTED', 'rejected'],
  ['EXPIRED', 'rejected'],
  ['CANCELLED', 'cancelled'],
]);

/** Maps the server's status to ours; an unknown status counts as `in_progress`. */
export function statusOf(status: string): PharmacyOrder['status'] {
  return STATUSES.get(status.toUpperCase()) ?? 'in_progress';
}
