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
import type { Page, View, Visit } from '../page.ts';
import { Table } from '../parts/table.tsx';

/** The most orders of one form. */
const MOST_ORDERS = 100;
/** Repairs that run at once. */
const AT_ONCE = 8;

const ACTIONS = {
  retry: { done: 'continues', title: 'Retried' },
  cancel: { done: 'the cancellation is requested', title: 'Cancellation requested' },
  keep: { done: 'its end is kept', title: 'End kept' },
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
      const results: Result[] = [];
      await forEach(chosen.entries(), AT_ONCE, async ([index, each]) => {
        const [orderId = '', ...version] = each.split(' ');
        const request = requestOf(visit, reason, pharmacyOrderId, version.join(' '));
        results[index] = await repair(dependencies, action as Action, orderId, request);
      });
      return resultsView(action as Action, results);
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

function resultsView(action: Action, results: readonly Result[]): View {
  const done = results.filter((each) => each.done).length;
  const content = (
    <>
      <p role="status">
        {done} of {results.length} done.
      </p>
      <Table columns={['Order', 'Result', 'Details']}>
        {results.map(({ orderId, done: isDone, text }) => (
          <tr>
            <th scope="row">
              <a class="id" href={`/orders/${orderId}`}>
                {orderId}
              </a>
            </th>
            <td>
              <span class={`status ${isDone ? 'good' : 'attention'}`}>
                {isDone ? 'done' : 'not done'}
              </span>
            </td>
            <td>{text}</td>
          </tr>
        ))}
      </Table>
      <p>
        <a href="/attention">Back to the queue</a>
      </p>
    </>
  );
  return { title: ACTIONS[action].title, content };
}
