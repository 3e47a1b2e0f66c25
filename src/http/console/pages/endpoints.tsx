import {
  listEndpointsForOperators,
  type OperatorEndpoint,
} from '../../../operators/list-endpoints.ts';
import { listOrganizations } from '../../../organizations/organizations.ts';
import type { ConsoleDependencies } from '../dependencies.ts';
import type { Page } from '../page.ts';
import { counted, countOf } from '../parts/count-of.ts';
import { EndpointStatus } from '../parts/endpoint-status.tsx';
import { Choice } from '../parts/filter-fields.tsx';
import { Table } from '../parts/table.tsx';
import { Ago } from '../parts/time.tsx';

const MOST_ROWS = 100;

/** `GET /endpoints`: the webhook endpoints of all organizations, those that do not work first. */
export function endpointsPage({ database }: ConsoleDependencies): Page {
  return {
    method: 'GET',
    url: '/endpoints',
    role: 'viewer',
    audit: { none: 'it shows no secret and no patient data' },
    async handle({ query }) {
      const organizationId = query.get('organization') || undefined;
      const unhealthy = query.get('unhealthy') === 'on';
      const [endpoints, organizations] = await Promise.all([
        listEndpointsForOperators(database, { organizationId, unhealthy, limit: MOST_ROWS }),
        listOrganizations(database),
      ]);
      const content = (
        <>
          <form class="filter" method="get" action="/endpoints">
            <Choice
              label="Organization"
              name="organization"
              options={organizations.map(({ id, name }) => ({ value: id, text: name }))}
              chosen={organizationId}
            />
            <label class="check">
              <input type="checkbox" name="unhealthy" checked={unhealthy} /> only those that do not
              work
            </label>
            <button>Filter</button>
          </form>
          <div data-live="endpoints">
            <Endpoints endpoints={endpoints} />
          </div>
        </>
      );
      return { title: 'Endpoints', content };
    },
  };
}

function Endpoints({ endpoints }: { readonly endpoints: readonly OperatorEndpoint[] }) {
  if (endpoints.length === 0) {
    return (
      <p class="empty">
        No endpoint matches. Organizations create endpoints with the API or with{' '}
        <code>rx webhook create</code>.
      </p>
    );
  }
  return (
    <Table
      caption={
        endpoints.length === MOST_ROWS
          ? `The first ${MOST_ROWS}; choose an organization to see others`
          : countOf(endpoints.length, 'endpoint')
      }
      columns={['Endpoint', 'Status', 'Failed', 'Open', 'Last delivered', 'Organization']}
      numbers={['Failed', 'Open']}
    >
      {endpoints.map((endpoint) => (
        <tr>
          <td>
            <a href={`/endpoints/${endpoint.id}`}>{endpoint.url}</a>
          </td>
          <td>
            <EndpointStatus endpoint={endpoint} />
          </td>
          <td class="number">{counted(endpoint.dead)}</td>
          <td class="number">{counted(endpoint.open)}</td>
          <td>{endpoint.lastDeliveredAt ? <Ago at={endpoint.lastDeliveredAt} /> : 'never'}</td>
          <td>{endpoint.organizationName}</td>
        </tr>
      ))}
    </Table>
  );
}
