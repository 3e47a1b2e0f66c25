import { type AuditRow, BEGINNING, readAuditRows } from '../../../audit/audit-rows.ts';
import { readCase } from '../../../cases/read-case.ts';
import { UnknownIdError } from '../../../lib/operator-errors.ts';
import {
  listAccessReasons,
  maySeeOrder,
  storeAccessReason,
} from '../../../operators/access-reasons.ts';
import { listWaitingOrders } from '../../../operators/attention-queue.ts';
import { type OperatorOrderDetail, readOrderForOperators } from '../../../operators/list-orders.ts';
import { type HistoryLine, readHistory } from '../../../operators/order-history.ts';
import { listOrderMessages } from '../../../operators/order-messages.ts';
import { readOrder } from '../../../orders/read-order.ts';
import {
  RepairRefusedError,
  TemporalUnavailableError,
} from '../../../orders/repairs/repair-errors.ts';
import type { ConsoleDependencies } from '../dependencies.ts';
import { includesRole, type Page, ReasonError, type View, type Visit } from '../page.ts';
import { AuditRows } from '../parts/audit-rows.tsx';
import { Deliveries } from '../parts/deliveries.tsx';
import { PatientData, type ShownData } from '../parts/patient-data.tsx';
import { RepairFields } from '../parts/repair-fields.tsx';
import { Status } from '../parts/status.tsx';
import { Ago, exact } from '../parts/time.tsx';
import { Timeline } from '../parts/timeline.tsx';

const MOST_AUDIT_ROWS = 200;
/** Of a reason. */
const MOST_CHARACTERS = 1_000;
const MOST_DELIVERIES = 100;
/** The console's page must not wait for a Temporal that is away. */
const HISTORY_LIMIT_MS = 2_000;

/** `GET /orders/:orderId`: everything about an order but patient data. */
export function orderPage(dependencies: ConsoleDependencies): Page {
  return {
    method: 'GET',
    url: '/orders/:orderId',
    role: 'viewer',
    audit: 'ORDER_READ',
    handle: (visit) => orderView(dependencies, visit, undefined),
  };
}

/** `POST /orders/:orderId/shown`: the same page with patient data, which the audit log records by another name. */
export function shownOrderPage(dependencies: ConsoleDependencies): Page {
  const { database } = dependencies;
  return {
    method: 'POST',
    url: '/orders/:orderId/shown',
    role: 'operator',
    audit: 'PATIENT_DATA_SHOWN',
    async handle(visit) {
      const order = await readOrderForOperators(database, visit.params['orderId'] ?? '');
      const { organizationId, caseId, id: orderId } = order;
      visit.about({ organizationId, caseId, orderId });
      const operator = visit.by.actor;
      const reason = visit.form.get('reason')?.trim().slice(0, MOST_CHARACTERS) ?? '';
      if (reason !== '') {
        const id = await storeAccessReason(database, { orderId, operator, reason });
        visit.about({ requestId: `reason/${id}` });
      }
      if (!(await maySeeOrder(database, orderId, operator))) throw new ReasonError();
      const [reasons, shown, patient] = await Promise.all([
        listAccessReasons(database, orderId),
        readOrder(database, { organizationId, orderId }),
        readCase(database, organizationId, caseId).then(
          (found) => found.patient,
          (error: unknown) => {
            // The patient was erased.
            if (error instanceof UnknownIdError) return undefined;
            throw error;
          },
        ),
      ]);
      return await orderView(dependencies, visit, { order: shown, patient, reasons });
    },
  };
}

async function orderView(
  { database, temporal, endpoints, workflowUrl }: ConsoleDependencies,
  visit: Visit,
  shown: ShownData | undefined,
): Promise<View> {
  const order = await readOrderForOperators(database, visit.params['orderId'] ?? '');
  const { id: orderId, organizationId, caseId } = order;
  visit.about({ organizationId, caseId, orderId });
  const [mayBeShown, audit, messages, { deliveries }, pending, waiting] = await Promise.all([
    maySeeOrder(database, orderId, visit.by.actor),
    readAuditRows(database, { after: BEGINNING, orderId, limit: MOST_AUDIT_ROWS }),
    listOrderMessages(database, orderId),
    endpoints.deliveries(organizationId, { orderId, limit: MOST_DELIVERIES }),
    readPending(temporal, order),
    listWaitingOrders(database, { orderId, limit: 1 }),
  ]);
  const [repairable] = waiting;
  const content = (
    <div data-live="order">
      <Facts order={order} workflowUrl={workflowUrl(order.workflowId)} />
      {repairable !== undefined && includesRole(visit.user.role, 'operator') && (
        <form method="post" action="/repairs">
          <input type="hidden" name="csrf" value={visit.csrf} />
          <input type="hidden" name="order" value={`${orderId} ${repairable.version}`} />
          <RepairFields of="one" mayKeep={repairable.hadEnded} />
        </form>
      )}
      <section>
        <h2>Timeline</h2>
        <Timeline activity={order.activity} pending={pending} />
      </section>
      <PatientData order={order} shown={shown} needsReason={!mayBeShown} visit={visit} />
      <section>
        <h2>Webhook deliveries</h2>
        <Deliveries
          deliveries={deliveries}
          visit={visit}
          from="order"
          empty="No endpoint of the organization is subscribed to events of this order."
        />
      </section>
      <section>
        <h2>Messages of the pharmacy</h2>
        {messages.length === 0 ? (
          <p class="empty">The pharmacy has sent no message about this order.</p>
        ) : (
          <ul class="lines">
            {messages.map(({ type, receivedAt }) => (
              <li>
                <code>{type}</code> <Ago at={receivedAt} />
              </li>
            ))}
          </ul>
        )}
      </section>
      <section>
        <h2>Audit log</h2>
        <AuditRows rows={audit satisfies readonly AuditRow[]} />
      </section>
    </div>
  );
  return { title: `Order ${orderId}`, content };
}

/** What runs or waits in Temporal, or why that is not known. */
async function readPending(
  temporal: ConsoleDependencies['temporal'],
  order: OperatorOrderDetail,
): Promise<readonly HistoryLine[] | string> {
  try {
    const lines = await readHistory(temporal, order.id, HISTORY_LIMIT_MS);
    return lines.filter(({ event }) => event === 'pending');
  } catch (error) {
    if (error instanceof RepairRefusedError || error instanceof TemporalUnavailableError) {
      return error.message;
    }
    throw error;
  }
}

function Facts({
  order,
  workflowUrl,
}: {
  readonly order: OperatorOrderDetail;
  readonly workflowUrl: string;
}) {
  const { delay, reasonCode } = order;
  return (
    <dl class="facts wide">
      <dt>Status</dt>
      <dd>
        <Status status={order.status} /> {reasonCode && <code>{reasonCode}</code>}
      </dd>
      {delay && (
        <>
          <dt>Delayed</dt>
          <dd>
            <code>{delay.code}</code> since <Ago at={new Date(delay.since)} />, {delay.attempts}{' '}
            attempts, the next <Ago at={new Date(delay.nextAttemptAt)} />
          </dd>
        </>
      )}
      <dt>Accepted</dt>
      <dd>
        {exact(order.createdAt)} (<Ago at={order.createdAt} />)
      </dd>
      <dt>Sent to the pharmacy</dt>
      <dd>{order.sentAt === null ? 'not yet' : <Ago at={order.sentAt} />}</dd>
      <dt>Pharmacy</dt>
      <dd>{order.pharmacyId}</dd>
      <dt>Pharmacy order id</dt>
      <dd>{order.pharmacyOrderId ?? '–'}</dd>
      <dt>Organization</dt>
      <dd>{order.organizationName}</dd>
      <dt>Case</dt>
      <dd>{order.caseId}</dd>
      <dt>Workflow</dt>
      <dd>
        <a href={workflowUrl}>{order.workflowId} in the Temporal UI</a>
      </dd>
    </dl>
  );
}
