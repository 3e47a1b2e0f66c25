import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { newSecret } from '../../../src/notifications/sending/signatures.ts';
import {
  createEndpoint,
  startTestDeliveries,
  type TestDeliveries,
} from '../../support/deliveries.ts';
import { eventually } from '../../support/eventually.ts';
import { startReceiver, type TestReceiver } from '../../support/receiver.ts';
import {
  EXAMPLE_RECEIVERS,
  type ExampleReceiver,
  runVerifyScript,
  startExampleReceiver,
} from '../../support/webhook-examples.ts';
import { createWorld, type World } from '../../support/world.ts';

/* Delivers a real order's webhooks to the receivers of examples/webhooks. */

const SECRET = newSecret();

let world: World;
let deliveries: TestDeliveries;
let captured: TestReceiver;
const examples = new Map<string, ExampleReceiver>();
let expected: string[];
beforeAll(async () => {
  world = await createWorld();
  const { database } = world.db;
  captured = await startReceiver();
  for (const example of EXAMPLE_RECEIVERS) {
    examples.set(example[0], await startExampleReceiver(example, SECRET));
  }
  const urls = [captured.url, ...[...examples.values()].map(({ url }) => url)];
  for (const url of urls) {
    await createEndpoint(database, world.organization.organizationId, url, { secret: SECRET });
  }
  deliveries = await startTestDeliveries(world.db.asWorker, {
    documentsDir: world.worker.documentsDir,
    timeoutMs: 10_000,
  });
  const orderId = await world.place('pharmacy-tracking');
  await world.reach(orderId, 'COMPLETED');
  await eventually('everything is delivered', async () => {
    const open = await database`SELECT FROM webhook_deliveries WHERE status <> 'DELIVERED'`;
    return open.length === 0;
  });
  const stored = await database<{ event: string }[]>`
    SELECT event FROM events WHERE order_id = ${orderId} ORDER BY sequence`;
  expected = stored.map(({ event }) => event);
});
afterAll(async () => {
  await deliveries.stop();
  await Promise.all([...examples.values()].map((example) => example.stop()));
  await captured.close();
  await world.close();
});

it.each(EXAMPLE_RECEIVERS.map(([name]) => name))('%s accepts each webhook once', async (name) => {
  expect(expected).toContain('ADD_CASE_ATTACHMENT');
  const events = () => examples.get(name)?.lines.map((line) => line.replace(/^.*: /, ''));
  await expect.poll(() => events()?.toSorted()).toEqual(expected.toSorted());
});

it('verify.sh accepts each captured webhook once', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'captured-webhooks-'));
  try {
    expect(captured.received).toHaveLength(expected.length);
    for (const status of [0, 3]) {
      for (const { raw, headers } of captured.received) {
        const lines = Object.entries(headers).map(([name, value]) => `${name}: ${String(value)}`);
        const verdict = runVerifyScript(folder, SECRET, { body: raw, headers: lines });
        expect(verdict, verdict.stderr).toMatchObject({ status });
      }
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
