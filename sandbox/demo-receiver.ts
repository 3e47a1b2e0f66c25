import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { z } from 'zod';
import { verifyWebhook, type WebhookEvent } from '../packages/webhooks/src/index.ts';
import { StackError } from './stack-error.ts';

// The backend of an organization: it registers a webhook endpoint and verifies each webhook.

const KEY = { 'cv-api-key': 'YOUR_SECRET_KEY' };
const LIMIT_MS = 10_000;

const createdSchema = z.object({
  data: z.object({ endpoint: z.object({ id: z.string(), secret: z.string() }) }),
});

/** A webhook receiver that is registered with a stack. */
export interface DemoReceiver {
  readonly url: string;
  /** Every event with a valid signature so far, without duplicates, in order of arrival. */
  readonly events: readonly WebhookEvent[];
  /**
   * Waits until an event arrives that fulfils a condition; returns early when `signal` aborts.
   *
   * @throws {StackError} none arrived within 10 s.
   */
  waitFor(matches: (event: WebhookEvent) => boolean, signal: AbortSignal): Promise<void>;
  /** Deletes its endpoint from the stack, and stops. */
  close(): Promise<void>;
}

/**
 * Starts a receiver on a free port of 127.0.0.1, and registers it as a webhook endpoint.
 *
 * @throws {StackError} the server refused the endpoint.
 */
export async function startDemoReceiver(baseUrl: string): Promise<DemoReceiver> {
  const events: WebhookEvent[] = [];
  const seen = new Set<unknown>();
  const arrivals = new EventTarget();
  let secret = '';
  async function receive(request: IncomingMessage): Promise<void> {
    const event = verifyWebhook(await buffer(request), request.headers, secret);
    // Webhooks arrive at least once; the id identifies duplicates.
    const id = request.headers['webhook-id'];
    if (!seen.has(id)) events.push(event);
    seen.add(id);
    arrivals.dispatchEvent(new Event('arrival'));
  }

  const server = createServer((request, response) => {
    receive(request).then(
      () => response.writeHead(204).end(),
      () => response.writeHead(401).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/rx`;
  const endpoint = await register(baseUrl, url);
  secret = endpoint.secret;

  return {
    url,
    events,
    async waitFor(matches, signal) {
      const until = AbortSignal.timeout(LIMIT_MS);
      while (!events.some(matches)) {
        if (signal.aborted) return;
        if (until.aborted) throw new StackError('the webhook did not arrive within 10 s');
        await new Promise<void>((resolve) => {
          arrivals.addEventListener('arrival', () => resolve(), { once: true });
          for (const end of [until, signal]) {
            end.addEventListener('abort', () => resolve(), { once: true });
          }
        });
      }
    },
    async close() {
      await fetch(`${baseUrl}/api/v1/webhook-endpoints/${endpoint.id}`, {
        method: 'DELETE',
        headers: KEY,
      }).catch(() => undefined);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function register(baseUrl: string, url: string): Promise<{ id: string; secret: string }> {
  const answer = await fetch(`${baseUrl}/api/v1/webhook-endpoints`, {
    method: 'POST',
    headers: { ...KEY, 'content-type': 'application/json' },
    body: JSON.stringify({ url, description: 'npm run demo' }),
  });
  const text = await answer.text();
  if (answer.status !== 201) {
    throw new StackError(`the webhook endpoint was not created: ${answer.status} ${text}`);
  }
  return createdSchema.parse(JSON.parse(text)).data.endpoint;
}
