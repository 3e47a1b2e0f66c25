import { DELIVERY_STATUSES } from '../../../contract/webhook-delivery.ts';
import { EndpointNotFoundError } from '../../../notifications/endpoints/endpoint-errors.ts';
import {
  listEndpointsForOperators,
  type OperatorEndpoint,
} from '../../../operators/list-endpoints.ts';
import type { ConsoleDependencies } from '../dependencies.ts';
import { includesRole, type Page, type Visit } from '../page.ts';
import { Action } from '../parts/action.tsx';
import { counted } from '../parts/count-of.ts';
import { Deliveries } from '../parts/deliveries.tsx';
import { EndpointStatus } from '../parts/endpoint-status.tsx';
import { Choice } from '../parts/filter-fields.tsx';
import { Ago, exact } from '../parts/time.tsx';

const MOST_DELIVERIES = 50;

/** `GET /endpoints/:endpointId`: the health of an endpoint, and its log. */
export function endpointPage({ database, endpoints }: ConsoleDependencies): Page {
  return {
    method: 'GET',
    url: '/endpoints/:endpointId',
    role: 'viewer',
    audit: 'DELIVERIES_LISTED',
    async handle(visit) {
      const { params, query } = visit;
      const endpointId = params['endpointId'] ?? '';
      const [endpoint] = await listEndpointsForOperators(database, { endpointId, limit: 1 });
      if (endpoint === undefined) throw new EndpointNotFoundError('endpoint');
      const { organizationId } = endpoint;
      visit.about({ organizationId });
      const status = DELIVERY_STATUSES.find((each) => each === query.get('status'));
      const cursor = query.get('after') || undefined;
      const { deliveries, nextCursor } = await endpoints.deliveries(organizationId, {
        ...{ endpointId, limit: MOST_DELIVERIES },
        ...(status !== undefined && { status }),
        ...(cursor !== undefined && { cursor }),
      });
      const content = (
        <div data-live="endpoint">
          <Facts endpoint={endpoint} />
          <Actions endpoint={endpoint} visit={visit} />
          <section>
            <h2>Deliveries</h2>
            <form class="filter" method="get" action={`/endpoints/${endpointId}`}>
              <Choice
                label="Status"
                name="status"
                options={DELIVERY_STATUSES.map((value) => ({ value, text: value.toLowerCase() }))}
                chosen={status}
              />
              <button>Filter</button>
            </form>
            <Deliveries
              deliveries={deliveries}
              visit={visit}
              from="endpoint"
              empty="No delivery matches."
            />
            {nextCursor && (
              <p>
                <a
                  href={`?${new URLSearchParams({ status: status ?? '', after: nextCursor }).toString()}`}
                >
                  Earlier deliveries
                </a>
              </p>
            )}
          </section>
        </div>
      );
      return { title: 'Endpoint', content };
    },
  };
}

function Facts({ endpoint }: { readonly endpoint: OperatorEndpoint }) {
  const { previousSecretUntil } = endpoint;
  return (
    <dl class="facts wide">
      <dt>URL</dt>
      <dd>{endpoint.url}</dd>
      <dt>Status</dt>
      <dd>
        <EndpointStatus endpoint={endpoint} />
      </dd>
      <dt>Organization</dt>
      <dd>{endpoint.organizationName}</dd>
      <dt>Events</dt>
      <dd>{endpoint.events?.join(', ') ?? 'all'}</dd>
      <dt>Deliveries that failed, and open ones</dt>
      <dd>
        {counted(endpoint.dead)} and {counted(endpoint.open)}
      </dd>
      <dt>Last delivered</dt>
      <dd>{endpoint.lastDeliveredAt ? <Ago at={endpoint.lastDeliveredAt} /> : 'never'}</dd>
      <dt>Documents and payload</dt>
      <dd>
        {endpoint.documentFormat}, {endpoint.payloadMode}
      </dd>
      {previousSecretUntil && [
        <dt>The previous secret also signs until</dt>,
        <dd>{exact(new Date(previousSecretUntil))}</dd>,
      ]}
    </dl>
  );
}

function Actions({
  endpoint,
  visit,
}: {
  readonly endpoint: OperatorEndpoint;
  readonly visit: Visit;
}) {
  if (!includesRole(visit.user.role, 'operator')) return null;
  const url = `/endpoints/${endpoint.id}`;
  return (
    <div class="buttons">
      <Action visit={visit} url={`${url}/test`} label="Send a test" />
      {endpoint.status !== 'ENABLED' && (
        <Action visit={visit} url={`${url}/enable`} label="Enable" primary />
      )}
      {endpoint.status !== 'DISABLED' && (
        <Action visit={visit} url={`${url}/disable`} label="Disable" />
      )}
      {endpoint.dead > 0 && endpoint.status === 'ENABLED' && (
        <Action visit={visit} url={`${url}/replay`} label="Replay the failed deliveries" primary />
      )}
      {includesRole(visit.user.role, 'admin') && (
        <Action visit={visit} url={`${url}/rotate`} label="Replace the secret" />
      )}
    </div>
  );
}
