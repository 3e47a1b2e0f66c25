import { ORDER_STATUSES, type OrderStatus } from '../../../contract/order.ts';
import { findOrders } from '../../../operators/find-orders.ts';
import { listOrdersForOperators, type OperatorOrder } from '../../../operators/list-orders.ts';
import { listPharmacies, type PharmacyRecord } from '../../../pharmacy/registry.ts';
import type { ConsoleDependencies } from '../dependencies.ts';
import type { Page, Visit } from '../page.ts';
import { countOf } from '../parts/count-of.ts';
import { Choice, formTime, Period } from '../parts/filter-fields.tsx';
import { Status, statusText } from '../parts/status.tsx';
import { Table } from '../parts/table.tsx';
import { Ago } from '../parts/time.tsx';

const MOST_ROWS = 100;
/** A text that is longer is no id. */
const MOST_CHARACTERS = 255;

/** `GET /orders`: the newest orders by status, pharmacy and time. */
export function ordersPage({ database }: ConsoleDependencies): Page {
  return {
    method: 'GET',
    url: '/orders',
    role: 'viewer',
    audit: 'ORDERS_LISTED',
    async handle(visit) {
      const { query } = visit;
      const status = ORDER_STATUSES.find((each) => each === query.get('status'));
      const filter = {
        statuses: status && [status],
        organizationId: undefined,
        pharmacyId: query.get('pharmacy') || undefined,
        delayed: query.get('delayed') === 'on',
        since: formTime(query.get('since')),
        until: formTime(query.get('until')),
      };
      const [orders, pharmacies] = await Promise.all([
        listOrdersForOperators(database, { ...filter, limit: MOST_ROWS }),
        listPharmacies(database),
      ]);
      const content = (
        <>
          <Search visit={visit} />
          <Filter query={query} status={status} pharmacies={pharmacies} />
          <div data-live="orders">
            <Orders orders={orders} empty="No order matches." />
          </div>
        </>
      );
      return { title: 'Orders', content };
    },
  };
}

/**
 * `POST /orders`: finds orders by an id. The text is in the body, because URLs stay in the history of a browser and in
 * the logs of proxies.
 */
export function ordersSearch({ database, hashSecret }: ConsoleDependencies): Page {
  return {
    method: 'POST',
    url: '/orders',
    role: 'viewer',
    audit: 'ORDERS_LISTED',
    async handle(visit) {
      const text = visit.form.get('text')?.trim() ?? '';
      const ids = text.length > MOST_CHARACTERS ? [] : await findOrders(database, hashSecret, text);
      const [only, ...others] = ids;
      if (only !== undefined && others.length === 0) return { redirectTo: `/orders/${only}` };
      const orders = await listOrdersForOperators(database, {
        ...{ statuses: undefined, organizationId: undefined, pharmacyId: undefined },
        ...{ delayed: false, ids, limit: MOST_ROWS },
      });
      const content = (
        <>
          <Search visit={visit} />
          <Orders
            orders={orders}
            empty="Nothing has this id. Search needs the whole id, in the letter case that it has; only tracking numbers may differ in it."
          />
        </>
      );
      return { title: 'Orders', content };
    },
  };
}

function Search({ visit }: { readonly visit: Visit }) {
  return (
    <form class="filter" method="post" action="/orders" role="search">
      <input type="hidden" name="csrf" value={visit.csrf} />
      <label class="wide">
        Order id, pharmacy order id, case id, idempotency key or tracking number
        <input
          name="text"
          required
          maxlength={MOST_CHARACTERS}
          value={visit.form.get('text') ?? ''}
          autocomplete="off"
          spellcheck="false"
        />
      </label>
      <button class="primary">Search</button>
    </form>
  );
}

function Filter({
  query,
  status,
  pharmacies,
}: {
  readonly query: URLSearchParams;
  readonly status: OrderStatus | undefined;
  readonly pharmacies: readonly PharmacyRecord[];
}) {
  return (
    <form class="filter" method="get" action="/orders">
      <Choice
        label="Status"
        name="status"
        options={ORDER_STATUSES.map((value) => ({ value, text: statusText(value) }))}
        chosen={status}
      />
      <Choice
        label="Pharmacy"
        name="pharmacy"
        options={pharmacies.map(({ id, name }) => ({ value: id, text: name }))}
        chosen={query.get('pharmacy') || undefined}
      />
      <Period label="Accepted since" sent={query} />
      <label class="check">
        <input type="checkbox" name="delayed" checked={query.get('delayed') === 'on'} /> delayed
        only
      </label>
      <button>Filter</button>
    </form>
  );
}

function Orders({
  orders,
  empty,
}: {
  readonly orders: readonly OperatorOrder[];
  readonly empty: string;
}) {
  if (orders.length === 0) return <p class="empty">{empty}</p>;
  return (
    <Table
      caption={
        orders.length === MOST_ROWS
          ? `The newest ${MOST_ROWS}; choose a time to see earlier ones`
          : countOf(orders.length, 'order')
      }
      columns={['Order', 'Status', 'Accepted', 'Reason', 'Pharmacy', 'Case']}
    >
      {orders.map((order) => (
        <tr>
          <td>
            <a class="id" href={`/orders/${order.id}`}>
              {order.id}
            </a>
          </td>
          <td>
            <Status status={order.status} />
          </td>
          <td>
            <Ago at={order.createdAt} />
          </td>
          <td>
            <code>{order.delay?.code ?? order.reasonCode}</code>
          </td>
          <td>{order.pharmacyId}</td>
          <td>{order.caseId}</td>
        </tr>
      ))}
    </Table>
  );
}
