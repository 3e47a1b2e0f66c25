import { z } from 'zod';
import { object, requiredText, text } from './fields.ts';
import { type Parsed, parseBody } from './validation.ts';

/** Characters of a reason; it is shown with the order, not searched. */
const MOST_REASON = 1_000;

const cancelOrderRequest = object({
  action: requiredText().pipe(z.literal('CANCEL_ORDER', { error: 'must be CANCEL_ORDER' })),
  // Any text: one that is no id of ours names an order that is not found.
  orderId: requiredText(),
  reason: z.exactOptional(
    text().refine((value) => Array.from(value).length <= MOST_REASON, {
      error: `must be at most ${MOST_REASON} characters`,
    }),
  ),
});

/** The body of `POST /api/v1/cases/:caseId` with the action `CANCEL_ORDER`. */
export type CancelOrderRequest = z.output<typeof cancelOrderRequest>;

/**
 * Checks a request body against the contract (api.md, `CANCEL_ORDER`).
 *
 * @param body any JSON value.
 * @returns the request, or every problem in the order of the fields. Never throws.
 */
export function parseCancelOrder(body: unknown): Parsed<CancelOrderRequest> {
  return parseBody(cancelOrderRequest, body);
}
