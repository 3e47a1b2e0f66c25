import { z } from 'zod';

/*
 * Path parameters. They accept any text: an id in an impossible format gets the same response as an
 * unknown id, so that the response reveals nothing.
 */

const caseId = z.string().meta({
  description: 'The id of the case.',
  example: '123e4567-e89b-12d3-a456-426614174000',
});
const orderId = z.string().meta({
  description: 'The id of the order.',
  example: '01a20a78-fa0b-705f-a306-b6e96e3290ab',
});
const documentId = z.string().meta({
  description: 'The id of the document.',
  example: 'f1b6570a-5f18-579e-b035-6f1887cfe38c',
});
const endpointId = z.string().meta({
  description: 'The id of the webhook endpoint.',
  example: '01a20a78-fa0b-705f-a306-b6e96e3290ac',
});
const deliveryId = z.string().meta({
  description: 'The id of the delivery, which is its `webhook-id`.',
  example: '01a20a78-fa0b-705f-a306-b6e96e3290ad',
});

export const caseParams = z.object({ caseId });
export const orderParams = z.object({ caseId, orderId });
export const documentParams = z.object({ caseId, orderId, documentId });
export const linkedDocumentParams = z.object({ documentId });
export const endpointParams = z.object({ endpointId });
export const deliveryParams = z.object({ deliveryId });
