import { z } from 'zod';
import { EVENT_NAMES } from './case-activity.ts';
import { objectWithBlanks, oneOf, shownAs, text } from './fields.ts';
import { date } from './formats.ts';
import { ORDER_STATUSES } from './order.ts';

/* The query strings of the lists. */

/** Default and maximum number of items per page. */
const PAGE = { usual: 50, most: 200 } as const;

/** The number of items per page. */
const limit = text()
  .regex(/^[1-9][0-9]{0,2}$/, { error: `must be an integer from 1 to ${PAGE.most}`, abort: true })
  .transform(Number)
  .refine((value) => value <= PAGE.most, { error: `must be an integer from 1 to ${PAGE.most}` })
  .default(PAGE.usual)
  // The documentation shows an integer, although a query string contains text.
  .meta({
    description: 'The maximum number of items per page.',
    ...shownAs({ type: 'integer', minimum: 1, maximum: PAGE.most, default: PAGE.usual }),
  });

/** The parameters of every list with a `cursor`. */
export const page = {
  limit,
  cursor: z.exactOptional(text()).meta({
    description: 'The `nextCursor` of the previous page. Without it, the first page.',
  }),
};

/** A point in time: a date, which means its first moment in UTC, or a date-time with an offset. */
function moment() {
  return (
    date()
      .refine((value) => value.length === 10 || /(?:Z|[+-]\d\d:?\d\d)$/.test(value), {
        error: 'must be a date, or a date-time with its offset (`Z` or `±hh:mm`)',
      })
      // `Date` does not have to read `±hhmm`.
      .transform((value) => new Date(value.replace(/([+-]\d\d)(\d\d)$/, '$1:$2')))
      // An offset can move the first or the last day beyond the years with four digits.
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
export const caseOrdersQuery = objectWithBlanks({
  status: STATUS,
  ...page,
});

/** The query of `GET /api/v1/orders`. */
export const ordersQuery = objectWithBlanks({
  status: STATUS,
  createdAfter: z
    .exactOptional(moment())
    .meta({ description: 'Only orders created at or after this time.', ...MOMENT }),
  createdBefore: z
    .exactOptional(moment())
    .meta({ description: 'Only orders created before this time.', ...MOMENT }),
  pharmacyId: z.exactOptional(text()).meta({ description: 'Only orders of this pharmacy.' }),
  ...page,
});

/** The query of a list without filters. */
export const pageQuery = objectWithBlanks(page);

/** The query of `GET /api/v1/events`. */
export const eventsQuery = objectWithBlanks({
  after: z.exactOptional(text()).meta({
    description: 'A `nextCursor` or an event’s `cursor`. Without it, from the first event.',
  }),
  event: z.exactOptional(oneOf(EVENT_NAMES)).meta({ description: 'Only events with this name.' }),
  limit,
});

/** Filter and page of the list of events. */
export type EventsQuery = z.output<typeof eventsQuery>;

/** Filters and page of the list of orders. */
export type OrdersQuery = z.output<typeof ordersQuery>;

/** Page of a list. */
export type PageQuery = z.output<typeof pageQuery>;
