import { z } from 'zod';
import { objectWithBlanks, oneOf, requiredText } from './fields.ts';
import { email } from './formats.ts';
import { timestamp } from './order.ts';

/*
 * The read of a case that the original API has (docs/api.md, "The case read of the original API"), in that
 * API's envelope: it has `caseDetail` instead of `data`.
 */

const flag = () => z.exactOptional(oneOf(['true', 'false']));

const trimmedEmail = z.preprocess(
  (input) => (typeof input === 'string' ? input.trim() : input),
  email(),
);

/** The query: `caseId` or `email`. Unknown parameters are ignored. */
export const customerCaseDetailQuery = objectWithBlanks({
  caseId: z.exactOptional(requiredText()).meta({
    description: 'The id of the case. Required without `email`.',
    example: '123e4567-e89b-12d3-a456-426614174000',
  }),
  email: z.exactOptional(trimmedEmail).meta({
    description:
      'The email of a patient, whose newest case is returned. Letter case does not count. Instead of `caseId`.',
  }),
  includeOrders: flag().meta({ description: '`true` includes the orders.' }),
  includeAttachments: flag().meta({ description: '`true` includes the documents.' }),
  documentFormat: oneOf(['base64', 'url'])
    .default('url')
    .meta({ description: 'Documents as signed URLs or in base64.' }),
})
  .refine((query) => query.caseId !== undefined || query.email !== undefined, {
    path: ['caseId'],
    error: 'or email is required',
  })
  .refine((query) => query.caseId === undefined || query.email === undefined, {
    path: ['email'],
    error: 'must not be sent together with caseId',
  });

export const caseAttachment = z
  .object({
    id: z.uuid(),
    isRestricted: z.literal(false),
    isPHI: z.literal(true),
    fileName: z.string(),
    isDeleted: z.boolean().meta({ description: '`true`: the pharmacy withdrew the document.' }),
    createdAt: timestamp,
    uploadedBy: z.object({ firstName: z.string(), lastName: z.string() }),
    url: z
      .exactOptional(z.url())
      .meta({ description: 'A signed URL, valid for 15 minutes. With `documentFormat=url`.' }),
    content: z
      .exactOptional(z.base64())
      .meta({ description: 'The bytes in base64. With `documentFormat=base64`.' }),
    contentType: z.string(),
    size: z.int().min(0).meta({ description: 'Bytes.' }),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
  })
  .meta({ id: 'Attachment', description: 'A stored document, in the format of the original API.' });

/** Adds the order of the document, which the original API does not show. */
const caseDetailAttachment = caseAttachment
  .extend({ orderId: z.uuid() })
  .meta({ id: 'CaseDetailAttachment', description: 'A stored document and its order.' });

const caseDetailOrder = z
  .object({
    id: z.uuid(),
    status: z.string(),
    trackingId: z.string().nullable(),
    message: z.string().nullable(),
    createdAt: timestamp,
  })
  .meta({
    id: 'CaseDetailOrder',
    description: 'An order of a case, in the format of the original API.',
  });

const customerCaseDetail = z.object({
  id: z.string(),
  status: z.string().meta({
    description: 'The status of the newest order; `CREATED` for a case without orders.',
  }),
  createdAt: timestamp,
  updatedAt: timestamp,
  orders: z.exactOptional(z.array(caseDetailOrder)),
  attachments: z.exactOptional(z.array(caseDetailAttachment)),
});

export const customerCaseDetailBody = z
  .object({
    status: z.literal(200),
    success: z.literal(true),
    caseDetail: customerCaseDetail,
  })
  .meta({ id: 'CustomerCaseDetail' });

/** The body of the 200. */
export type CustomerCaseDetailBody = Readonly<z.output<typeof customerCaseDetailBody>>;

/** A case with the parts that the query includes. */
export type CustomerCaseDetail = Readonly<z.output<typeof customerCaseDetail>>;

/** An order of a case, in the format of the original API. */
export type CaseDetailOrder = Readonly<z.output<typeof caseDetailOrder>>;

/** A stored document of a case. */
export type CaseDetailAttachment = Readonly<z.output<typeof caseDetailAttachment>>;

/** A stored document, in the format of the original API (docs/webhooks.md, "Events"). */
export type CaseAttachment = Readonly<z.output<typeof caseAttachment>>;
