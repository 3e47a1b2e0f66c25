import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { createKey } from './organization.ts';
import { startReceiver, type TestReceiver } from './receiver.ts';
import { type Answer, exampleWithoutKey, sendTo, startTestApi, type TestApi } from './test-api.ts';

/** Calls a webhook route with a key of the organization; sends a body as JSON. */
export type WebhooksCall = (method: string, path: string, body?: unknown) => Promise<Answer>;

/**
 * Creates a key that may manage webhooks, and returns a function that calls the routes with it.
 *
 * @param organizationId the key's organization; defaults to the one of the test API.
 */
export async function createWebhooksCall(
  api: TestApi,
  organizationId = api.organization.organizationId,
): Promise<WebhooksCall> {
  const apiKey = await createKey(api.database, organizationId, { scopes: ['webhooks:manage'] });
  return (method, path, body) =>
    sendTo(api.app.url, method, `/api/v1/${path}`, {
      headers: {
        'cv-api-key': apiKey,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body }),
    });
}

/** The webhook endpoints of an organization, and a receiver. */
export interface Webhooks {
  readonly api: TestApi;
  readonly call: WebhooksCall;
  /** A new receiver for each test. */
  readonly receiver: TestReceiver;
  /** Creates an endpoint at the receiver; the answer shows its secret. */
  create(more?: object): Promise<{ id: string; secret: string } & Record<string, unknown>>;
  /** Places an order and records its event, as a status change does. */
  recordEvent(): Promise<void>;
  /** Returns the deliveries to an endpoint, oldest first, without pings. */
  deliveriesTo(
    endpointId: string,
  ): Promise<readonly { status: string; nextAttemptAt: Date | null; due: boolean | null }[]>;
  /** Runs `act`, and resolves when Postgres notifies the workers that a delivery is due. */
  waitForNotification(act: () => Promise<unknown>): Promise<void>;
}

/** Starts an API for the tests of a file. Each test begins without endpoints. */
export function useWebhooks(): Webhooks {
  let api: TestApi;
  let call: WebhooksCall;
  let receiver: TestReceiver;
  beforeAll(async () => {
    api = await startTestApi();
    call = await createWebhooksCall(api);
  });
  afterAll(() => api.close());
  beforeEach(async () => {
    receiver = await startReceiver();
  });
  afterEach(async () => {
    await receiver.close();
    await api.database`UPDATE webhook_endpoints SET deleted_at = coalesce(deleted_at, now())`;
  });

  return {
    get api() {
      return api;
    },
    call: (...request) => call(...request),
    get receiver() {
      return receiver;
    },
    async create(more = {}) {
      const answer = await call('POST', 'webhook-endpoints', { url: receiver.url, ...more });
      expect(answer.status, answer.text).toBe(201);
      return answer.json.data.endpoint;
    },
    async recordEvent() {
      const orderId = (await api.place(exampleWithoutKey())).json.data.order.id as string;
      await api.database`SELECT record_order_event(${orderId}, 'ORDER_STATUS_CHANGED', '{}')`;
    },
    deliveriesTo: (endpointId) => api.database`
      SELECT status, next_attempt_at, next_attempt_at <= now() AS due FROM webhook_deliveries
      WHERE endpoint_id = ${endpointId} AND event <> 'PING' ORDER BY id`,
    async waitForNotification(act) {
      let notify = () => {};
      const notified = new Promise<void>((resolve) => {
        notify = resolve;
      });
      const { unlisten } = await api.database.listen('deliveries', () => notify());
      await act();
      await notified;
      await unlisten();
    },
  };
}
