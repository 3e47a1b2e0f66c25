import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { type Door, exampleWithoutKey, openDoor } from './door.ts';
import { startReceiver, type TestReceiver } from './receiver.ts';
import { createWebhooksApi, type WebhooksApi } from './webhooks-api.ts';

/** The endpoints of an organization, and a receiver for them. */
export interface Webhooks {
  readonly door: Door;
  readonly api: WebhooksApi;
  /** New for each test. */
  readonly receiver: TestReceiver;
  /** Creates an endpoint at the receiver; the answer shows its secret. */
  create(more?: object): Promise<{ id: string; secret: string } & Record<string, unknown>>;
  /** Tells of a new order as a change of it does. */
  tell(): Promise<void>;
  /** The events on their way to an endpoint, oldest first. */
  deliveriesTo(
    endpointId: string,
  ): Promise<readonly { status: string; nextAttemptAt: Date | null; due: boolean | null }[]>;
  /** Resolves when who delivers is told, by what is done, that something is due. */
  listenForRing(act: () => Promise<unknown>): Promise<void>;
}

/** Opens a door for the tests of a file; each begins without endpoints. */
export function useWebhooks(): Webhooks {
  let door: Door;
  let api: WebhooksApi;
  let receiver: TestReceiver;
  beforeAll(async () => {
    door = await openDoor();
    api = await createWebhooksApi(door);
  });
  afterAll(() => door.close());
  beforeEach(async () => {
    receiver = await startReceiver();
  });
  afterEach(async () => {
    await receiver.close();
    await door.database`UPDATE webhook_endpoints SET deleted_at = coalesce(deleted_at, now())`;
  });

  return {
    get door() {
      return door;
    },
    api: (...call) => api(...call),
    get receiver() {
      return receiver;
    },
    async create(more = {}) {
      const answer = await api('POST', 'webhook-endpoints', { url: receiver.url, ...more });
      expect(answer.status, answer.text).toBe(201);
      return answer.json.data.endpoint;
    },
    async tell() {
      const orderId = (await door.place(exampleWithoutKey())).json.data.order.id as string;
      await door.database`SELECT record_order_event(${orderId}, 'ORDER_STATUS_CHANGED', '{}')`;
    },
    deliveriesTo: (endpointId) => door.database`
      SELECT status, next_attempt_at, next_attempt_at <= now() AS due FROM webhook_deliveries
      WHERE endpoint_id = ${endpointId} AND event <> 'PING' ORDER BY id`,
    async listenForRing(act) {
      let ring = () => {};
      const rung = new Promise<void>((resolve) => {
        ring = resolve;
      });
      const { unlisten } = await door.database.listen('deliveries', () => ring());
      await act();
      await rung;
      await unlisten();
    },
  };
}
