import type { EventPage } from '../../contract/case-activity.ts';
import type { EventsQuery } from '../../contract/order-query.ts';
import type { DocumentLinks } from '../../documents/document-links.ts';
import { timestamp } from '../../lib/timestamp.ts';
import { type Database, withTimeout } from '../../storage/database.ts';
import { forOrganization } from '../../storage/row-level-security.ts';
import { listEvents } from './list-events.ts';
import { renderEvent } from './render-event.ts';

/** What the HTTP API reads of events. */
export interface EventService {
  /** Reads one page of an organization's events, with links to documents; see {@link listEvents}. */
  list(organizationId: string, query: EventsQuery): Promise<EventPage>;
}

/** Creates the service on a database. */
export function createEventService(database: Database, links: DocumentLinks): EventService {
  return {
    async list(organizationId, query) {
      const found = await withTimeout(
        forOrganization(database, organizationId, (sql) => listEvents(sql, organizationId, query)),
      );
      const page = found.slice(0, query.limit);
      const events = page.map(async (stored) => ({
        ...(await renderEvent(stored, {
          payloadMode: 'event',
          bytesOf: async ({ id }) => ({ url: links.create(id) }),
        })),
        id: stored.id,
        cursor: stored.cursor,
        createdAt: timestamp(stored.createdAt),
      }));
      return {
        events: await Promise.all(events),
        nextCursor: found.length > query.limit ? (page.at(-1)?.cursor ?? null) : null,
      };
    },
  };
}
