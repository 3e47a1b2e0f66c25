import { z } from 'zod';
import { object, requiredText, text, word } from './fields.ts';
import { ACTIONS } from './place-order.ts';
import { type Parsed, parseBody } from './validation.ts';

export const cancelOrderRequest = object({
  action: word('CANCEL_ORDER', ACTIONS),
  orderId: requiredText().meta({
    description: 'The id that the answer to PLACE_ORDER returned.',
    example: '01a20a78-fa0b-705f-a306-b6e96e3290ab',
  }),
  reason: z.exactOptional(text()).meta({ description: 'The reason, for the timeline.' }),
}).meta({ id: 'CancelOrder' });

/** The body of `POST /api/v1/cases/:caseId` with the action `CANCEL_ORDER`. */
export type CancelOrderRequest = z.output<typeof cancelOrderRequest>;

/**
 * Checks a request to cancel an order (docs/api.md, "Cancel").
 *
 * @param body any JSON value.
 * @returns the request, or every problem. Never throws.
 */
export function parseCancelOrder(body: unknown): Parsed<CancelOrderRequest> {
  return parseBody(cancelOrderRequest, body);
}
