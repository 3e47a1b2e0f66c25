import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { recordedIn, recordingTo } from '../support/connections.ts';
import { eventually } from '../support/eventually.ts';
import { startReceiver, type TestReceiver } from '../support/receiver.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

// No program of this project, and no package in it, connects to an address that is not configured.

let folder: string;
let test: TestStack;
let receiver: TestReceiver;
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'connections-'));
  receiver = await startReceiver();
  test = await startTestStack(recordingTo(path.join(folder, 'record')));
});
afterAll(async () => {
  await test?.close();
  await receiver?.close();
  rmSync(folder, { recursive: true, force: true });
});

const hostOf = (url: string) => new URL(url).host;

async function call(route: string, body: object): Promise<unknown> {
  const response = await fetch(`${test.stack.baseUrl}/api/v1/${route}`, {
    method: 'POST',
    headers: { 'cv-api-key': 'YOUR_SECRET_KEY', 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(response.ok).toBe(true);
  return await response.json();
}

// Runs only on Linux, because elsewhere the connections of Temporal's native code are not visible.
it.runIf(process.platform === 'linux')(
  'server and worker connect to what they are configured to, and to nothing else',
  async () => {
    const created = await call('webhook-endpoints', { url: receiver.url });
    const { id } = (created as { data: { endpoint: { id: string } } }).data.endpoint;
    // The server sends the PING to an endpoint; the worker sends the deliveries of the order.
    await call(`webhook-endpoints/${id}/test`, {});
    expect((await fetch(`${test.stack.baseUrl}/readyz`)).status).toBe(200);
    const orderId = await test.place('pharmacy-123');
    expect((await test.end(orderId)).status).toBe('COMPLETED');
    await eventually('the order’s end is delivered', async () =>
      receiver.received.find(({ body }) => body.includes(orderId) && body.includes('COMPLETED')),
    );

    // A pipe leads to no other machine.
    const recorded = recordedIn(path.join(folder, 'record')).filter(({ kind }) => kind !== 'pipe');
    const placesOf = (program: string) => [
      ...new Set(recorded.filter((each) => each.program === program).map(({ to }) => to)),
    ];
    const { databaseUrl, temporalAddress, simulatorUrl } = test.stack;
    const [postgres, endpoint] = [hostOf(databaseUrl), hostOf(receiver.url)];
    expect(placesOf('server.js').sort()).toEqual([postgres, temporalAddress, endpoint].sort());
    expect(placesOf('worker.js').sort()).toEqual(
      [postgres, temporalAddress, endpoint, hostOf(simulatorUrl)].sort(),
    );
  },
);
