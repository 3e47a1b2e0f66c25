import type { Database } from '../../src/storage/database.ts';
import { createTestDatabase } from './database.ts';
import {
  createEndpoint,
  queuePings,
  readDelivery,
  startTestDeliveries,
  type TestDeliveries,
  type TestEndpoint,
} from './deliveries.ts';
import { eventually } from './eventually.ts';
import { createOrganization } from './organization.ts';
import { startReceiver, type TestReceiver } from './receiver.ts';

type Options = Parameters<typeof startTestDeliveries>[1];
type Delivery = Awaited<ReturnType<typeof readDelivery>>;

/** Deliveries with an endpoint and its receiver; pings are its events, as they need no order. */
export interface DeliveryRig {
  readonly database: Database;
  /** As who delivers sees it. */
  readonly asWorker: Database;
  readonly deliveries: TestDeliveries;
  readonly receiver: TestReceiver;
  readonly endpoint: TestEndpoint;
  /** Another organization's endpoint with a receiver of its own; what the last one left open ends. */
  renew(): Promise<void>;
  /** Queues a delivery. */
  ping(): Promise<string>;
  /** Waits until a delivery has a status. */
  reach(id: string, status: string): Promise<Delivery>;
  readEndpoint(): Promise<Record<string, unknown> | undefined>;
  /** The `webhook-id` of each request, in their order. */
  received(): unknown[];
  /** Runs while nothing is delivered, and delivers again; with other settings when given. */
  stopped(run: () => Promise<void>, options?: Options): Promise<void>;
  close(): Promise<void>;
}

export async function openDeliveryRig(): Promise<DeliveryRig> {
  const db = await createTestDatabase();
  const { database } = db;
  let deliveries = await startTestDeliveries(db.asWorker);
  let receiver = await startReceiver();
  const addEndpoint = async () => {
    const { organizationId } = await createOrganization(database);
    return await createEndpoint(database, organizationId, receiver.url);
  };
  let endpoint = await addEndpoint();

  return {
    database,
    asWorker: db.asWorker,
    get deliveries() {
      return deliveries;
    },
    get receiver() {
      return receiver;
    },
    get endpoint() {
      return endpoint;
    },
    async renew() {
      await receiver.close();
      await database`UPDATE webhook_endpoints SET deleted_at = now()`;
      receiver = await startReceiver();
      endpoint = await addEndpoint();
    },
    async ping() {
      const [id = ''] = await queuePings(database, endpoint);
      return id;
    },
    async reach(id, status) {
      return await eventually(`${id} is ${status}`, async () => {
        const found = await readDelivery(database, id);
        return found.status === status && found;
      });
    },
    async readEndpoint() {
      const [row] = await database`
        SELECT status, status_reason, failing_since FROM webhook_endpoints
        WHERE id = ${endpoint.id}`;
      return row;
    },
    received: () => receiver.received.map(({ headers }) => headers['webhook-id']),
    async stopped(run, options) {
      await deliveries.stop();
      await run();
      deliveries = await startTestDeliveries(db.asWorker, options);
    },
    async close() {
      await deliveries.stop();
      await receiver.close();
      await db.drop();
    },
  };
}
