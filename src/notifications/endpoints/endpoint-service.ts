import type { AuditSource } from '../../audit/record-audit.ts';
import type { PageQuery } from '../../contract/order-query.ts';
import type {
  DeliveriesQuery,
  DeliveryPage,
  DeliveryView,
} from '../../contract/webhook-delivery.ts';
import type {
  CreateEndpointRequest,
  EndpointPage,
  EndpointView,
  NewEndpointView,
  UpdateEndpointRequest,
} from '../../contract/webhook-endpoint.ts';
import type { ForeignAccess } from '../../egress/destination.ts';
import { type Database, type Sql, withTimeout } from '../../storage/database.ts';
import { forOrganization } from '../../storage/row-level-security.ts';
import { type ShownBody, showBody } from '../deliveries/show-body.ts';
import type { Sender } from '../sending/sender.ts';
import { checkDestination } from './check-destination.ts';
import { createEndpoint } from './create-endpoint.ts';
import type { EndpointKey } from './endpoint-row.ts';
import { listDeliveries } from './list-deliveries.ts';
import { listEndpoints, readEndpoint } from './read-endpoints.ts';
import { type ReplaySelection, replayDeliveries, replayDelivery } from './replay-deliveries.ts';
import { rotateSecret } from './rotate-secret.ts';
import { testEndpoint } from './test-endpoint.ts';
import { deleteEndpoint, updateEndpoint } from './update-endpoint.ts';

/**
 * What the HTTP API and `rx` do with webhook endpoints and deliveries. Each call has a time limit; calls
 * that name an endpoint or a delivery throw `EndpointNotFoundError`.
 */
export interface EndpointService {
  /**
   * Creates an endpoint; see {@link createEndpoint}.
   *
   * @throws {InvalidEndpointError} nothing may be sent to its URL.
   */
  create(
    organizationId: string,
    request: CreateEndpointRequest,
    secret?: string,
  ): Promise<NewEndpointView>;
  /** Reads one page of an organization's endpoints; see {@link listEndpoints}. */
  list(organizationId: string, query: PageQuery): Promise<EndpointPage>;
  /** Reads one endpoint. */
  read(key: EndpointKey): Promise<EndpointView>;
  /**
   * Changes an endpoint; see {@link updateEndpoint}.
   *
   * @throws {InvalidEndpointError} nothing may be sent to the new URL.
   */
  update(key: EndpointKey, changes: UpdateEndpointRequest): Promise<EndpointView>;
  /** Deletes an endpoint; see {@link deleteEndpoint}. */
  delete(key: EndpointKey): Promise<void>;
  /** Replaces an endpoint's secret; see {@link rotateSecret}. */
  rotateSecret(key: EndpointKey): Promise<NewEndpointView>;
  /** Sends a PING; see {@link testEndpoint}. Resolves when the endpoint has answered. */
  test(key: EndpointKey): Promise<DeliveryView>;
  /** Reads one page of the delivery log; see {@link listDeliveries}. */
  deliveries(organizationId: string, query: DeliveriesQuery): Promise<DeliveryPage>;
  /** Renders the body of a delivery for people; see {@link showBody}. */
  body(organizationId: string, deliveryId: string): Promise<ShownBody>;
  /** Sends a delivery again; see {@link replayDelivery}. */
  replay(organizationId: string, deliveryId: string, by: AuditSource): Promise<DeliveryView>;
  /** Sends many of an endpoint's deliveries again; see {@link replayDeliveries}. */
  replayMany(key: EndpointKey, selection: ReplaySelection, by: AuditSource): Promise<number>;
}

/** What the service needs apart from the database. */
export interface EndpointServiceOptions extends ForeignAccess {
  readonly sender: Pick<Sender, 'post'>;
}

/** Creates the service on a database. */
export function createEndpointService(
  database: Database,
  options: EndpointServiceOptions,
): EndpointService {
  const scoped = <T>(organizationId: string, read: (sql: Sql) => Promise<T>) =>
    withTimeout(forOrganization(database, organizationId, read));
  return {
    async create(organizationId, request, secret) {
      await checkDestination(request.url, options);
      return await withTimeout(createEndpoint(database, organizationId, request, secret));
    },
    list: (organizationId, query) =>
      scoped(organizationId, (sql) => listEndpoints(sql, organizationId, query)),
    read: (key) => scoped(key.organizationId, (sql) => readEndpoint(sql, key)),
    async update(key, changes) {
      if (changes.url !== undefined) await checkDestination(changes.url, options);
      return await withTimeout(updateEndpoint(database, key, changes));
    },
    delete: (key) => withTimeout(deleteEndpoint(database, key)),
    rotateSecret: (key) => scoped(key.organizationId, (sql) => rotateSecret(sql, key)),
    test: (key) => testEndpoint(database, options.sender, key),
    deliveries: (organizationId, query) =>
      scoped(organizationId, (sql) => listDeliveries(sql, organizationId, query)),
    body: (organizationId, deliveryId) =>
      scoped(organizationId, (sql) => showBody(sql, deliveryId)),
    replay: (organizationId, id, by) =>
      withTimeout(replayDelivery(database, organizationId, id, by)),
    replayMany: (key, selection, by) => withTimeout(replayDeliveries(database, key, selection, by)),
  };
}
