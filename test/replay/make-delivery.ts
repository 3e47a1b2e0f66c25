import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Stack } from '../../sandbox/stack.ts';
import { secretContext } from '../../src/notifications/endpoint-secrets.ts';
import { newSecret } from '../../src/notifications/sending/signatures.ts';
import { openDatabase } from '../../src/storage/database.ts';
import { withKeysOf } from '../support/sealed-rows.ts';

/**
 * Creates a webhook delivery with its own endpoint and waits until it reaches a status.
 *
 * @param delivery.answers the endpoint's status codes, one per attempt; the last one repeats.
 * @param delivery.status the delivery status to wait for.
 * @param delivery.paused whether to pause the endpoint after the first attempt.
 * @returns the delivery's id.
 */
export async function makeDelivery(
  stack: Stack,
  organizationId: string,
  delivery: {
    readonly answers: readonly number[];
    readonly status: string;
    readonly paused: boolean;
  },
): Promise<string> {
  const { answers, status, paused } = delivery;
  const database = openDatabase(stack.databaseUrl, 2, withKeysOf(stack.env['ENCRYPTION_KEYS']));
  const [endpointId, deliveryId] = [randomUUID(), randomUUID()];
  let attempts = 0;
  const receiver = http.createServer((_, response) => {
    const answer = answers[Math.min(attempts, answers.length - 1)] ?? 500;
    attempts += 1;
    response.writeHead(answer).end();
  });
  receiver.listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
  const secret = await database.keys.seal(organizationId, secretContext(endpointId), newSecret());
  await database`
    INSERT INTO webhook_endpoints (id, organization_id, url, secret)
    VALUES (${endpointId}, ${organizationId}, ${url}, ${secret})`;
  await database`
    INSERT INTO webhook_deliveries (id, organization_id, endpoint_id, event)
    VALUES (${deliveryId}, ${organizationId}, ${endpointId}, 'PING')`;
  for (let check = 0; check < 600; check += 1) {
    const [row] = await database<{ status: string; attempts: number }[]>`
      SELECT status, attempts FROM webhook_deliveries WHERE id = ${deliveryId}`;
    if (row?.status === status && row.attempts > 0) break;
    if (paused && row?.status === 'RETRYING') {
      await database`UPDATE webhook_endpoints SET status = 'PAUSED' WHERE id = ${endpointId}`;
    }
    await sleep(50);
  }
  await database`UPDATE webhook_endpoints SET deleted_at = now() WHERE id = ${endpointId}`;
  receiver.close();
  receiver.closeAllConnections();
  await database.end();
  return deliveryId;
}
