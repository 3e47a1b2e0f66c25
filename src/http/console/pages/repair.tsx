import { forEach } from '../../../lib/for-each.ts';
import { UnknownIdError } from '../../../lib/operator-errors.ts';
import { codeOf } from '../../../lib/safe-error.ts';
import { cancelOrderAsOperator } from '../../../orders/repairs/cancel-by-operator.ts';
import { keepEnd } from '../../../orders/repairs/keep-end.ts';
import type { RepairRequest } from '../../../orders/repairs/repair.ts';
import {
  RepairRefusedError,
  TemporalUnavailableError,
} from '../../../orders/repairs/repair-errors.ts';
import { retryOrder } from '../../../orders/repairs/retry-order.ts';
import type { ConsoleDependencies } from '../dependencies.ts';
import { LATER, type Page, type View, type Visit } from '../page.ts';
import { countOf } from '../parts/count-of.ts';
import { Table } from '../parts/table.tsx';

/** The most orders of one form. */
const MOST_ORDERS = 100;
/** Repairs that run at once. */
const AT_ONCE = 8;

const ACTIONS = {
  retry: { done: 'continues', title: 'Retry' },
  cancel: { done: 'the cancellation is requested', title: 'Cancellation' },
  keep: { done: 'its end is kept', title: 'Keep the end' },
} as const;
type Action = keyof typeof ACTIONS;

/** What became of the repair of one order. */
interface Result {
  readonly orderId: string;
  readonly done: boolean;
  readonly text: string;
}

/** `POST /repairs`: repairs the chosen orders and shows what became of each. Their repairs record themselves in the audit log. */
export function repairAction(dependencies: ConsoleDependencies): Page {
  return {
    method: 'POST',
    url: '/repairs',
    role: 'operator',
    audit: { none: 'each repair records itself', refused: 'ORDER_REPAIRED' },
    async handle(visit) {
      const { form } = visit;
      const action = form.get('action') ?? '';
      const chosen = form.getAll('order').slice(0, MOST_ORDERS);
      const reason = form.get('reason')?.trim() ?? '';
      const pharmacyOrderId = form.get('pharmacyOrderId')?.trim() || undefined;
      const problem = problemOf(action, chosen, reason, pharmacyOrderId);
      if (problem !== undefined) return refused(problem);
      return resultsView(action as Action, chosen, async (each) => {
        const [orderId = '', ...version] = each.split(' ');
        const request = requestOf(visit, reason, pharmacyOrderId, version.join(' '));
        return await repair(dependencies, action as Action, orderId, request);
      });
    },
  };
}

function problemOf(
  action: string,
  chosen: readonly string[],
  reason: string,
  pharmacyOrderId: string | undefined,
): string | undefined {
  if (!Object.hasOwn(ACTIONS, action)) return 'Choose what to do with the orders.';
  if (chosen.length === 0) return 'Select at least one order.';
  if (reason === '') return 'State a reason: the timeline shows it.';
  if (pharmacyOrderId !== undefined && (action !== 'retry' || chosen.length > 1)) {
    return 'A pharmacy order id corrects one order, which is retried with it.';
  }
  return undefined;
}

function requestOf(
  { by }: Visit,
  reason: string,
  pharmacyOrderId: string | undefined,
  version: string,
): RepairRequest {
  return {
    ...{ by: by.actor, source: by.source, reason, version },
    ...(pharmacyOrderId !== undefined && { pharmacyOrderId }),
  };
}

async function repair(
  { database, temporal, log }: ConsoleDependencies,
  action: Action,
  orderId: string,
  request: RepairRequest,
): Promise<Result> {
  try {
    if (action === 'retry') await retryOrder({ database, temporal }, orderId, request);
    else if (action === 'cancel') await cancelOrderAsOperator(database, orderId, request);
    else await keepEnd(database, orderId, request);
    return { orderId, done: true, text: ACTIONS[action].done };
  } catch (error) {
    if (error instanceof UnknownIdError || error instanceof RepairRefusedError) {
      return { orderId, done: false, text: error.message };
    }
    if (error instanceof TemporalUnavailableError) {
      return { orderId, done: false, text: error.message };
    }
    log.error('a repair failed', { orderId, code: codeOf(error) });
    const text = `it failed with ${codeOf(error)}: look at the order before you repeat it`;
    return { orderId, done: false, text };
  }
}

function refused(problem: string): View {
  const content = (
    <>
      <p role="alert" class="alert">
        {problem}
      </p>
      <p>
        <a href="/attention">Back to the queue</a>
      </p>
    </>
  );
  return { title: 'Nothing was changed', content };
}

/** Each order has its row once it is repaired: while Temporal is slow, an operator sees how far the repairs are. */
function resultsView(
  action: Action,
  chosen: readonly string[],
  repairOne: (order: string) => Promise<Result>,
): View {
  const content = (
    <>
      <p>
        {countOf(chosen.length, 'order')}. Each gets its row when it is done. The repairs continue
        if you close this page.
      </p>
      <Table columns={['Order', 'Result', 'Details']}>{LATER}</Table>
      <p>
        <a href="/attention">Back to the queue</a>
      </p>
    </>
  );
  return {
    ...{ title: ACTIONS[action].title, content },
    async later(send) {
      let done = 0;
      await forEach(chosen, AT_ONCE, async (each) => {
        const result = await repairOne(each);
        if (result.done) done += 1;
        send(<ResultRow {...result} />);
      });
      send(
        <tr>
          <td colspan={3}>
            <strong role="status">
              {done} of {chosen.length} done.
            </strong>
          </td>
        </tr>,
      );
    },
  };
}

function ResultRow({ orderId, done, text }: Result) {
  return (
    <tr>
      <th scope="row">
        <a class="id" href={`/orders/${orderId}`}>
          {orderId}
        </a>
      </th>
      <td>
        <span class={`status ${done ? 'good' : 'attention'}`}>{done ? 'done' : 'not done'}</span>
      </td>
      <td>{text}</td>
    </tr>
  );
}
