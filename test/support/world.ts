import { inject } from 'vitest';
import { createOrderClient, type OrderClient, type OrderView } from '../../src/client.ts';
import type { Config } from '../../src/process/config.ts';
import { orderWorkflowId } from '../../src/workflows/order-messages.ts';
import { startApp, type TestApp } from './app.ts';
import { createTestDatabase, type TestDatabase, type TestPostgres } from './database.ts';
import { eventually } from './eventually.ts';
import { examplePlaceOrder } from './example.ts';
import {
  createOrganization,
  ENCRYPTION_KEYS,
  HASH_SECRET,
  type TestOrganization,
} from './organization.ts';
import { startSimulator, type TestSimulator } from './simulator.ts';
import { startWorker, type TestWorker } from './worker.ts';

/** Everything an order needs, each part real and a test file's own. */
export interface World {
  readonly db: TestDatabase;
  readonly app: TestApp;
  readonly simulator: TestSimulator;
  readonly organization: TestOrganization;
  readonly client: OrderClient;
  worker: TestWorker;
  /** Places the published example at a pharmacy; `change` may alter it first. */
  place(pharmacyId: string, change?: (order: OrderInput) => void): Promise<string>;
  /** Waits until an order has one of these statuses. */
  reach(orderId: string, ...statuses: OrderView['status'][]): Promise<OrderView>;
  /** Waits until the order's workflow has ended, which follows what Postgres says. */
  ended(orderId: string): Promise<void>;
  /** Waits until Temporal has been told everything of the order. */
  delivered(orderId: string): Promise<void>;
  /** Types of the events in the order's history, in their order. */
  history(orderId: string): Promise<string[]>;
  close(): Promise<void>;
}

type OrderInput = ReturnType<typeof examplePlaceOrder>['order'];

/** @param postgres another server than that of the global setup. */
export async function createWorld(
  settings: Partial<Config['pharmacy']> = {},
  postgres?: TestPostgres,
): Promise<World> {
  const db = await createTestDatabase(postgres);
  const organization = await createOrganization(db.database);
  const app = await startApp(db.asServer);
  const simulator = await startSimulator(`${app.url}/webhooks/pharmacies`);
  await simulator.register(db.database);
  const client = createOrderClient({
    organizationId: organization.organizationId,
    databaseUrl: db.serverUrl,
    hashSecret: HASH_SECRET,
    encryptionKeys: ENCRYPTION_KEYS,
    temporal: { address: inject('temporal').address, uiUrl: inject('temporal').uiUrl },
  });
  const world: World = {
    db,
    app,
    simulator,
    organization,
    client,
    worker: await startWorker(db.asWorker, settings),
    async place(pharmacyId, change = () => {}) {
      const { order } = examplePlaceOrder();
      const changed = { ...order, pharmacyId };
      change(changed);
      const { orderId } = await client.place({ caseId: organization.caseId, order: changed });
      return orderId;
    },
    async reach(orderId, ...statuses) {
      let last = '';
      const look = async () => {
        const order = await client.get(orderId);
        last = order.status;
        return statuses.includes(order.status) ? order : undefined;
      };
      return await eventually(`${orderId} becomes ${statuses.join('|')}`, look).catch((error) => {
        throw new Error(`${(error as Error).message}; it is ${last}`);
      });
    },
    async ended(orderId) {
      const handle = world.worker.client.workflow.getHandle(orderWorkflowId(orderId));
      await eventually(`the workflow of ${orderId} has ended`, async () => {
        const description = await handle.describe().catch(() => undefined);
        return description?.status.name === 'COMPLETED';
      });
    },
    async delivered(orderId) {
      await eventually(`the outbox of ${orderId} is empty`, async () => {
        return (await db.database`SELECT FROM outbox WHERE order_id = ${orderId}`).length === 0;
      });
    },
    async history(orderId) {
      const handle = world.worker.client.workflow.getHandle(orderWorkflowId(orderId));
      const { events } = await handle.fetchHistory();
      return (events ?? []).map((event) => event.attributes ?? 'unknown');
    },
    async close() {
      await client.close();
      await world.worker.stop();
      await simulator.stop();
      await app.close();
      await db.drop();
    },
  };
  return world;
}
