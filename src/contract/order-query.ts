import { z } from 'zod';
import { EVENT_NAMES } from './case-activity.ts';
import { object, oneOf, shownAs, text } from './fields.ts';
import { date } from './formats.ts';
import { ORDER_STATUSES } from './order.ts';

/* What the lists of orders can be asked for, in the query string. */

/** Items of a page when nothing is said, and at the most. */
const PAGE = { usual: 50, most: 200 } as const;

/** How many items a page may have. */
const limit = text()
  .regex(/^[1-9][0-9]{0,2}$/, { error: `must be an integer from 1 to ${PAGE.most}`, abort: true })
  .transform(Number)
  .refine((value) => value <= PAGE.most, { error: `must be an integer from 1 to ${PAGE.most}` })
  .default(PAGE.usual)
  // An integer in the documentation, though a query string has only texts.
  .meta({
    description: 'How many items a page has at most.',
    ...shownAs({ type: 'integer', minimum: 1, maximum: PAGE.most, default: PAGE.usual }),
  });

/** What every list with `cursor` takes. */
export const page = {
  limit,
  cursor: z.exactOptional(text()).meta({
    description: '`nextCursor` of the page before; without it, the first page.',
  }),
};

/** A point in time, as a date (its first moment in UTC) or a date-time with its offset. */
function moment() {
  return (
    date()
      .refine((value) => value.length === 10 || /(?:Z|[+-]\d\d:\d\d)$/.test(value), {
        error: 'must be a date, or a date-time with its offset (`Z` or `±hh:mm`)',
      })
      .transform((value) => new Date(value))
      // An offset can carry the first and the last day out of the years that have four digits.
      .refine((value) => value.getUTCFullYear() >= 1 && value.getUTCFullYear() <= 9_999, {
        error: 'must be in the years 1 to 9999',
      })
  );
}

const MOMENT = { example: '2026-01-31T00:00:00Z', format: 'date-time', pattern: undefined };

const STATUS = z
  .exactOptional(oneOf(ORDER_STATUSES))
  .meta({ description: 'Only orders in this status.' });

/** The query of `GET /api/v1/cases/:caseId/orders`. */
export const caseOrdersQuery = object({
  status: STATUS,
  ...page,
});

/** The query of `GET /api/v1/orders`. */
export const ordersQuery = object({
  status: STATUS,
  createdAfter: z.exactOptional(moment()).meta({ description: 'Created at or after.', ...MOMENT }),
  createdBefore: z.exactOptional(moment()).meta({ description: 'Created before.', ...MOMENT }),
  pharmacyId: z.exactOptional(text()).meta({ description: 'Only orders to this pharmacy.' }),
  ...page,
});

/** The query of a list that only has pages. */
export const pageQuery = object(page);

/** The query of `GET /api/v1/events`. */
export const eventsQuery = object({
  after: z.exactOptional(text()).meta({
    description: '`nextCursor` or an event’s `cursor`; without it, from the first event on.',
  }),
  event: z.exactOptional(oneOf(EVENT_NAMES)).meta({ description: 'Only events of this name.' }),
  limit,
});

/** Which events, and how many of them. */
export type EventsQuery = z.output<typeof eventsQuery>;

/** Which orders, and which page of them. */
export type OrdersQuery = z.output<typeof ordersQuery>;

/** Which page. */
export type PageQuery = z.output<typeof pageQuery>;
