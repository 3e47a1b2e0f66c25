import { lookup } from 'node:dns/promises';
import {
  createEndpointService,
  type EndpointService,
} from '../notifications/endpoints/endpoint-service.ts';
import { createSender } from '../notifications/sending/sender.ts';
import { requireOrganization } from '../organizations/organizations.ts';
import type { CliContext } from './context.ts';

/**
 * Does something with an organization's webhook endpoints, as the servers would.
 *
 * @throws {UnknownIdError} there is no such organization.
 */
export async function withEndpoints<T>(
  context: CliContext,
  organizationId: string,
  act: (endpoints: EndpointService) => Promise<T>,
): Promise<T> {
  const { database, webhooks } = context.connect();
  await requireOrganization(database, organizationId);
  const destinations = { policy: { sandbox: webhooks.destinations === 'loopback' }, lookup };
  const sender = createSender(destinations);
  try {
    return await act(createEndpointService(database, { ...destinations, sender }));
  } finally {
    sender.close();
  }
}
