import {
  listWaitingOrders,
  type QueueFacets,
  readQueueFacets,
  type WaitingOrder,
} from '../../../operators/attention-queue.ts';
import type { ConsoleDependencies } from '../dependencies.ts';
import { includesRole, type Page, type Visit } from '../page.ts';
import { countOf } from '../parts/count-of.ts';
import { Choice } from '../parts/filter-fields.tsx';
import { RepairFields } from '../parts/repair-fields.tsx';
import { Table } from '../parts/table.tsx';
import { Ago } from '../parts/time.tsx';

/** Rows of one page. Those that wait longest come first, so the next ones follow when these are done. */
const MOST_ROWS = 100;
const COLUMNS = ['Reason', 'Waits since', 'Order', 'Pharmacy', 'Organization', 'Last repair'];

/** `GET /attention`: the queue of orders that need a decision. */
export function attentionPage({ database }: ConsoleDependencies): Page {
  return {
    method: 'GET',
    url: '/attention',
    role: 'viewer',
    audit: 'ORDERS_LISTED',
    async handle(visit) {
      const filter = {
        organizationId: visit.query.get('organization') || undefined,
        pharmacyId: visit.query.get('pharmacy') || undefined,
        reasonCode: visit.query.get('reason') || undefined,
      };
      const [orders, facets] = await Promise.all([
        listWaitingOrders(database, { ...filter, limit: MOST_ROWS + 1 }),
        readQueueFacets(database),
      ]);
      const content = (
        <>
          <Filter facets={facets} filter={filter} />
          <div data-live="queue">
            <Queue orders={orders} visit={visit} isFiltered={Object.values(filter).some(Boolean)} />
          </div>
        </>
      );
      return { title: 'Needs attention', content };
    },
  };
}

interface QueueProps {
  readonly orders: readonly WaitingOrder[];
  readonly visit: Visit;
  readonly isFiltered: boolean;
}

function Queue({ orders, visit, isFiltered }: QueueProps) {
  if (orders.length === 0) {
    return (
      <p class="empty">
        {isFiltered
          ? 'No order matches. Choose other values above.'
          : 'No order needs attention. This page shows new ones by itself.'}
      </p>
    );
  }
  const mayRepair = includesRole(visit.user.role, 'operator');
  return (
    <form method="post" action="/repairs">
      <input type="hidden" name="csrf" value={visit.csrf} />
      <Table
        caption={
          orders.length > MOST_ROWS
            ? `The ${MOST_ROWS} orders that have waited longest`
            : countOf(orders.length, 'order')
        }
        columns={mayRepair ? ['Select', ...COLUMNS] : COLUMNS}
      >
        {orders.slice(0, MOST_ROWS).map((order) => (
          <Row order={order} mayRepair={mayRepair} />
        ))}
      </Table>
      {mayRepair && <RepairFields of="chosen" mayKeep={orders.some(({ hadEnded }) => hadEnded)} />}
    </form>
  );
}

function Row({ order, mayRepair }: { readonly order: WaitingOrder; readonly mayRepair: boolean }) {
  const { id, version, reasonCode, since, pharmacyId, organizationName, lastRepair } = order;
  return (
    <tr>
      {mayRepair && (
        <td>
          <input
            type="checkbox"
            name="order"
            value={`${id} ${version}`}
            aria-label={`Order ${id}`}
          />
        </td>
      )}
      <td>
        <code>{reasonCode}</code>
      </td>
      <td>
        <Ago at={since} />
      </td>
      <td>
        <a class="id" href={`/orders/${id}`}>
          {id}
        </a>
      </td>
      <td>{pharmacyId}</td>
      <td>{organizationName}</td>
      <td>
        {lastRepair && (
          <>
            {lastRepair.kind} by <bdi>{lastRepair.by}</bdi> <Ago at={lastRepair.at} />
          </>
        )}
      </td>
    </tr>
  );
}

interface FilterProps {
  readonly facets: QueueFacets;
  readonly filter: {
    readonly organizationId: string | undefined;
    readonly pharmacyId: string | undefined;
    readonly reasonCode: string | undefined;
  };
}

function Filter({ facets, filter }: FilterProps) {
  const selects = [
    ['reason', 'Reason', facets.reasons, filter.reasonCode],
    ['pharmacy', 'Pharmacy', facets.pharmacies, filter.pharmacyId],
    ['organization', 'Organization', facets.organizations, filter.organizationId],
  ] as const;
  return (
    <form class="filter" method="get" action="/attention">
      {selects.map(([name, label, values, chosen]) => (
        <Choice
          label={label}
          name={name}
          options={values.map((each) => ({
            value: each.value,
            text: `${'name' in each ? String(each.name) : each.value} (${each.count})`,
          }))}
          chosen={chosen}
        />
      ))}
      <button>Filter</button>
    </form>
  );
}
