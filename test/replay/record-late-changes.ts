import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import type { Stack } from '../../sandbox/stack.ts';
import { openDatabase } from '../../src/storage/database.ts';
import { cancelUpdate, retryUpdate } from '../../src/workflows/order-messages.ts';
import { orderNewsWorkflowId } from '../../src/workflows/order-news-messages.ts';
import { copyPharmacy, openedPharmacy, withKeysOf } from '../support/sealed-rows.ts';

/** What the recordings need from `record.ts`. */
export interface Recorder {
  readonly stack: Stack;
  /** Places an order, waits for a status, changes it, and saves the history of a workflow. */
  record(
    name: string,
    pharmacyId: string,
    status: string,
    then: (orderId: string) => Promise<void>,
    workflowIdOf?: (orderId: string) => string,
  ): Promise<void>;
  reach(orderId: string, status: string): Promise<void>;
  cancel(orderId: string): Promise<void>;
  workflow(orderId: string): WorkflowHandle;
  setPharmacy(pharmacyId: string, behaviour: object): Promise<void>;
  control(route: string, body: object): Promise<void>;
}

/** Gives a workflow time to follow what happened. */
const workflowFollows = () => sleep(1_000);

/** Records operators' updates, and a pharmacy's answer after the order's end. */
export async function recordRepairs(recorder: Recorder): Promise<void> {
  const { stack, record, reach, workflow, setPharmacy, control } = recorder;
  await setPharmacy('pharmacy-manual', { cancellable: true, webhooks: true });
  await record(
    'ends-cancelled-by-an-operators-update',
    'pharmacy-manual',
    'AWAITING_COMPLETION',
    async (id) => {
      await sleep(500);
      await workflow(id).executeUpdate(cancelUpdate.name, { args: [{ by: 'anna' }] });
      await reach(id, 'CANCELLED');
    },
  );
  await record(
    'continues-with-a-corrected-pharmacy-order-id',
    'pharmacy-corrupt',
    'NEEDS_ATTENTION',
    async (id) => {
      await sleep(500);
      const ledger = await fetch(`${stack.simulatorUrl}/control/ledger`);
      const { orders: there } = (await ledger.json()) as {
        orders: { id: string; reference: string }[];
      };
      const pharmacyOrderId = there.find(({ reference }) => reference === id)?.id;
      const request = { by: 'anna', ...(pharmacyOrderId ? { pharmacyOrderId } : {}) };
      await workflow(id).executeUpdate(retryUpdate.name, { args: [request] });
      await reach(id, 'FETCHING_DOCUMENTS');
      await reach(id, 'NEEDS_ATTENTION');
    },
  );
  await record('needs-attention-after-a-late-answer', 'pharmacy-manual', 'EXPIRED', async (id) => {
    await control(`orders/${id}/advance`, { to: 'completed', late: true });
    await reach(id, 'NEEDS_ATTENTION');
    await sleep(2_500); // until the new run has started
  });
}

/** Records cancellations that interrupt the placing: the code after the patch `cancel-while-placing`. */
export async function recordInterruptedPlacings(recorder: Recorder): Promise<void> {
  const { stack, record, reach, cancel, workflow, setPharmacy, control } = recorder;

  /** Cancels an order while its pharmacy is unreachable, which it is not afterwards. */
  const cancelUnreachable = async (orderId: string, pharmacyId: string) => {
    await cancel(orderId);
    await workflowFollows();
    await setPharmacy(pharmacyId, { up: true });
  };

  /** Waits until the pharmacy has the order, and makes it unreachable before the next attempt. */
  const loseAnswer = async (orderId: string, pharmacyId: string) => {
    for (let check = 0; check < 600; check += 1) {
      const response = await fetch(`${stack.simulatorUrl}/control/ledger`);
      const { orders } = (await response.json()) as { orders: { reference: string }[] };
      if (orders.some(({ reference }) => reference === orderId)) break;
      await sleep(10);
    }
    await setPharmacy(pharmacyId, { up: false });
  };

  const [down, lostReply] = ['pharmacy-down', 'pharmacy-lost-reply'];
  await setPharmacy(down, { up: false, outcome: null });
  await record('ends-cancelled-unknown-to-the-pharmacy', down, 'PLACING', async (id) => {
    await workflowFollows();
    await cancelUnreachable(id, down);
    await reach(id, 'CANCELLED');
  });
  await setPharmacy(lostReply, { outcome: null });
  await record('ends-cancelled-found-at-the-pharmacy', lostReply, 'PLACING', async (id) => {
    await loseAnswer(id, lostReply);
    await cancelUnreachable(id, lostReply);
    await reach(id, 'CANCELLED');
  });
  await setPharmacy(lostReply, { cancellable: false });
  await record('completes-after-an-interrupted-placing', lostReply, 'PLACING', async (id) => {
    await loseAnswer(id, lostReply);
    await cancelUnreachable(id, lostReply);
    await reach(id, 'AWAITING_COMPLETION');
    await control(`orders/${id}/advance`, { to: 'completed' });
    await reach(id, 'COMPLETED');
  });
  await setPharmacy(down, { up: false });
  await record('ends-cancelled-after-an-unclear-look-up', down, 'PLACING', async (id) => {
    await workflowFollows();
    const token = await changeToken(stack, down, 'revoked');
    await cancelUnreachable(id, down);
    await reach(id, 'NEEDS_ATTENTION');
    await workflowFollows();
    await changeToken(stack, down, token);
    await workflow(id).executeUpdate(retryUpdate.name);
    await reach(id, 'CANCELLED');
  });
}

/** Records the workflow `orderNews`, about an order that has completed. */
export async function recordNews(recorder: Recorder): Promise<void> {
  const { record, reach, setPharmacy, control } = recorder;
  const pharmacyId = 'pharmacy-manual';
  const complete = async (orderId: string) => {
    await control(`orders/${orderId}/advance`, { to: 'completed' });
    await reach(orderId, 'COMPLETED');
    await workflowFollows();
  };
  const report = (orderId: string) => control(`orders/${orderId}/advance`, { to: 'tracking' });

  await setPharmacy(pharmacyId, { webhooks: true });
  await record(
    'follows-news-in-one-round',
    pharmacyId,
    'AWAITING_COMPLETION',
    async (id) => {
      await complete(id);
      await report(id);
      await workflowFollows();
    },
    orderNewsWorkflowId,
  );
  await record(
    'follows-news-in-two-rounds',
    pharmacyId,
    'AWAITING_COMPLETION',
    async (id) => {
      await complete(id);
      // Unreachable, so that the second message arrives during the first round.
      await setPharmacy(pharmacyId, { up: false });
      await report(id);
      await workflowFollows();
      await report(id);
      await workflowFollows();
      await setPharmacy(pharmacyId, { up: true });
      await sleep(5_000);
    },
    orderNewsWorkflowId,
  );
}

/** Changes our token for a pharmacy; returns the previous one. */
async function changeToken(
  { databaseUrl, env }: Stack,
  id: string,
  token: string,
): Promise<string> {
  const database = openDatabase(databaseUrl, 1, withKeysOf(env['ENCRYPTION_KEYS']));
  const before = await openedPharmacy(database, id);
  await copyPharmacy(database, { from: id, to: id }, { token });
  await database.end();
  return before?.token ?? '';
}
