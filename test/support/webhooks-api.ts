import { type Answer, type Door, sendTo } from './door.ts';
import { createKey } from './organization.ts';

/** Calls the routes of webhooks; a body goes as JSON. */
export type WebhooksApi = (method: string, path: string, body?: unknown) => Promise<Answer>;

/** Calls them with a new key of an organization, the door's own when nothing is said. */
export async function createWebhooksApi(
  door: Door,
  organizationId = door.organization.organizationId,
): Promise<WebhooksApi> {
  const apiKey = await createKey(door.database, organizationId, { scopes: ['webhooks:manage'] });
  return (method, path, body) =>
    sendTo(door.app.url, method, `/api/v1/${path}`, {
      headers: {
        'cv-api-key': apiKey,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body }),
    });
}
