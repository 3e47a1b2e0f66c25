import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { readBacklogs } from '../../../src/operators/backlogs.ts';
import { eventually } from '../../support/eventually.ts';
import {
  reply,
  type ScriptedPharmacy,
  startScriptedPharmacy,
} from '../../support/scripted-pharmacy.ts';
import { timelineOf } from '../../support/timeline.ts';
import { startWorker } from '../../support/worker.ts';
import { createWorld, type World } from '../../support/world.ts';

let world: World;
let pharmacy: ScriptedPharmacy;
beforeAll(async () => {
  world = await createWorld({ pollInitialMs: 100, pollMaxMs: 200, completionLimitMs: 600_000 });
});
afterAll(() => world.close());
beforeEach(async () => {
  pharmacy = await startScriptedPharmacy(world.db.database);
});
afterEach(() => pharmacy.close());

/** Lets the present failures of an order have begun earlier, so that no test waits for a minute. */
async function backdate(orderId: string, seconds: number): Promise<void> {
  await eventually('a failed attempt', async () => {
    const changed = await world.db.database`
      UPDATE orders SET delay_since = now() - ${seconds}::int * interval '1 second'
      WHERE id = ${orderId} AND delay_since IS NOT NULL`;
    return changed.count === 1;
  });
}

async function rowsOf(orderId: string): Promise<string[]> {
  return (await timelineOf(world.db.database, orderId)).filter((row) => row.includes(' DELAY'));
}

const delayed = (orderId: string) =>
  eventually('the delay is shown', async () => (await world.client.get(orderId)).delay);

it('shows a step that has been failing for a minute, and adds one row for its start and its end', async () => {
  pharmacy.creates = false;
  pharmacy.script('place', reply(503, {}));
  const orderId = await world.place(pharmacy.id);
  await world.reach(orderId, 'PLACING');
  await backdate(orderId, 30);
  expect((await world.client.get(orderId)).delay).toBeUndefined();
  expect(await rowsOf(orderId)).toEqual([]);

  await backdate(orderId, 61);
  const delay = await delayed(orderId);
  expect(delay).toMatchObject({ code: 'PHARMACY_HTTP_503' });
  expect(delay.attempts).toBeGreaterThan(0);
  expect(Date.parse(delay.nextAttemptAt)).toBeGreaterThan(Date.parse(delay.since));
  await eventually('the row', async () => (await rowsOf(orderId)).length > 0);
  const { orders } = await readBacklogs(world.db.database);
  expect(orders.delayed).toBe(1);
  expect(orders.oldestDelaySeconds).toBeGreaterThan(60);

  const { attempts } = delay;
  await eventually('further attempts', async () => {
    return ((await world.client.get(orderId)).delay?.attempts ?? 0) > attempts;
  });
  pharmacy.creates = true;
  pharmacy.script('place');
  const order = await world.reach(orderId, 'AWAITING_COMPLETION');
  expect(order.delay).toBeUndefined();
  expect(await rowsOf(orderId)).toEqual(['system DELAYED PHARMACY_HTTP_503', 'system DELAY_ENDED']);
});

it('shows that the pharmacy cannot be polled, until a poll succeeds', async () => {
  pharmacy.template = { documents: [] };
  const orderId = await world.place(pharmacy.id);
  await world.reach(orderId, 'AWAITING_COMPLETION');
  pharmacy.script('read', reply(503, {}));
  await backdate(orderId, 61);
  expect(await delayed(orderId)).toMatchObject({ code: 'PHARMACY_HTTP_503' });
  await eventually('the row', async () => (await rowsOf(orderId)).length > 0);
  pharmacy.script('read');
  await eventually('the delay has ended', async () => {
    return (await world.client.get(orderId)).delay === undefined;
  });
  expect(await rowsOf(orderId)).toEqual(['system DELAYED PHARMACY_HTTP_503', 'system DELAY_ENDED']);
});

it('ends in NEEDS_ATTENTION at the limit of the order: the pharmacy may have it', async () => {
  await pharmacy.close();
  pharmacy = await startScriptedPharmacy(world.db.database, { completionLimitMs: 1_000 });
  pharmacy.script('place', reply(503, {}));
  const orderId = await world.place(pharmacy.id);
  const order = await world.reach(orderId, 'NEEDS_ATTENTION');
  expect(order).toMatchObject({ reasonCode: 'PHARMACY_HTTP_503' });
  expect(order.reason).toBe('The step kept failing until its time limit.');
  expect(order.delay).toBeUndefined();
});

it('needs attention when its own data cannot be decrypted', async () => {
  await world.worker.stop();
  const orderId = await world.place(pharmacy.id);
  await world.db.database`
    UPDATE orders SET prescription = overlay(prescription PLACING 'AAAAAAAA' FROM 60) WHERE id = ${orderId}`;
  world.worker = await startWorker(world.db.asWorker);
  const order = await world.reach(orderId, 'NEEDS_ATTENTION');
  expect(order.reasonCode).toBe('SEAL_BROKEN');
});
