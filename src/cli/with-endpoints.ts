import { foreignAccess } from '../egress/destination.ts';
import { foreignLookup } from '../egress/foreign-lookup.ts';
import {
  createEndpointService,
  type EndpointService,
} from '../notifications/endpoints/endpoint-service.ts';
import { createSender } from '../notifications/sending/sender.ts';
import { requireOrganization } from '../organizations/organizations.ts';
import type { CliContext } from './context.ts';

/**
 * Runs an action with the endpoint service, under the same rules as the servers.
 *
 * @throws {UnknownIdError} the organization does not exist.
 */
export async function withEndpoints<T>(
  context: CliContext,
  organizationId: string,
  act: (endpoints: EndpointService) => Promise<T>,
): Promise<T> {
  const { database, webhooks } = await context.connect();
  await requireOrganization(database, organizationId);
  const destinations = foreignAccess(webhooks.destinations, foreignLookup);
  const sender = createSender(destinations);
  try {
    return await act(createEndpointService(database, { ...destinations, sender }));
  } finally {
    sender.close();
  }
}
