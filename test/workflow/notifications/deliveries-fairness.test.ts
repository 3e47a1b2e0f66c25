import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import {
  createEndpoint,
  queuePings,
  startTestDeliveries,
  type TestDeliveries,
  type TestEndpoint,
} from '../../support/deliveries.ts';
import { eventually } from '../../support/eventually.ts';
import { createOrganization } from '../../support/organization.ts';
import { startReceiver, type TestReceiver } from '../../support/receiver.ts';

const BURST = 1_000;
const SINGLES = 9;

let db: TestDatabase;
let deliveries: TestDeliveries;
let hanging: TestReceiver;
let healthy: TestReceiver;
let burst: TestEndpoint;
let single: TestEndpoint;
beforeAll(async () => {
  db = await createTestDatabase();
  [hanging, healthy] = [await startReceiver(), await startReceiver()];
  hanging.answer = () => undefined;
  const add = async ({ url }: TestReceiver) => {
    const { organizationId } = await createOrganization(db.database);
    return await createEndpoint(db.database, organizationId, url);
  };
  [burst, single] = [await add(hanging), await add(healthy)];
  deliveries = await startTestDeliveries(db.asWorker, { timeoutMs: 3_000 });
});
afterAll(async () => {
  await hanging.close(); // ends the requests that hang
  await deliveries.stop();
  await healthy.close();
  await db.drop();
});

/** Queues a delivery; resolves with the milliseconds until its receiver has it. */
async function deliver(): Promise<number> {
  const start = performance.now();
  const arrival = new Promise<number>((resolve) => {
    healthy.answer = (response) => {
      resolve(performance.now() - start);
      response.end();
    };
  });
  await queuePings(db.database, single);
  return await arrival;
}

async function median(): Promise<number> {
  const times: number[] = [];
  for (let n = 0; n < SINGLES; n += 1) times.push(await deliver());
  return times.toSorted((a, b) => a - b)[Math.floor(SINGLES / 2)] ?? Number.NaN;
}

it('delivers as fast during a burst to an endpoint that hangs as without it', async () => {
  for (let n = 0; n < SINGLES; n += 1) await deliver(); // warm-up
  const alone = await median();
  await queuePings(db.database, burst, BURST);
  await eventually('the endpoint hangs', async () => hanging.received.length > 0);
  const duringBurst = await median();
  const takenAtFirst = hanging.received.length;
  await eventually('a workflow’s attempt hangs', async () => hanging.received.length > 4);
  const whileStarted = await median();
  await eventually('its workflows wait their turn', async () => {
    const waiting = await db.database`
      SELECT FROM webhook_deliveries WHERE endpoint_id = ${burst.id} AND status = 'RETRYING'
        AND NOT workflow_wanted AND next_attempt_at > now()`;
    return waiting.length >= 6;
  });
  const whileRetried = await median();

  const ratio = (ms: number) => (ms / alone).toFixed(2);
  console.info(
    `one delivery: ${alone.toFixed(1)} ms alone, ${ratio(duringBurst)} times that during ${BURST} that hang, ` +
      `${ratio(whileStarted)} times while workflows start, ${ratio(whileRetried)} times while they retry`,
  );
  expect(takenAtFirst).toBeLessThanOrEqual(4);
  // When both take only milliseconds, the noise of the machine exceeds the difference.
  expect(duringBurst).toBeLessThan(Math.max(2 * alone, 50));
  expect(whileRetried).toBeLessThan(Math.max(2 * alone, 50));
});
