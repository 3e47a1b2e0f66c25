import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { examplePlaceOrder } from '../support/example.ts';
import { startSystemPostgres, systemPostgres } from '../support/system-postgres.ts';
import { createWorld, type World } from '../support/world.ts';

// The oldest Postgres that we support, as Debian 12 has it. Managed services offer it, too.

describe.skipIf(!existsSync(`${systemPostgres(15)}/postgres`))('on Postgres 15', () => {
  let postgres: Awaited<ReturnType<typeof startSystemPostgres>>;
  let world: World;
  beforeAll(async () => {
    postgres = await startSystemPostgres(15);
    world = await createWorld({}, postgres);
  });
  afterAll(async () => {
    await world.close();
    await postgres.stop();
  });

  it('an order completes, with its events in order', async () => {
    const orderId = await world.place('pharmacy-123');
    const order = await world.reach(orderId, 'COMPLETED');
    expect(order.documents?.length).toBeGreaterThan(0);
    const events = await world.db.database<{ event: string }[]>`
      SELECT event FROM events WHERE order_id = ${orderId} ORDER BY transaction_id, id`;
    expect(events[0]?.event).toBe('ORDER_CREATED');
    expect(events.at(-1)?.event).toBe('ORDER_STATUS_CHANGED');
  });

  it('a repeated idempotency key names its order', async () => {
    const { order } = examplePlaceOrder();
    const { caseId } = world.organization;
    const request = { caseId, order, idempotencyKey: 'a-key-of-this-test' };
    const { orderId } = await world.client.place(request);
    await expect(world.client.place(request)).rejects.toMatchObject({
      existing: { orderId, caseId },
    });
  });

  it('uuidv7() makes ids of version 7 in the order of their calls', async () => {
    const rows = await world.db.database<{ id: string; at: Date }[]>`
      SELECT uuidv7() AS id, clock_timestamp() AS at FROM generate_series(1, 1000)`;
    const ids = rows.map(({ id }) => id);
    for (const { id, at } of rows) {
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      const millis = Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16);
      expect(Math.abs(millis - Number(at))).toBeLessThan(1_000);
    }
    // Two calls within the same quarter of a microsecond share the part that orders them.
    const times = ids.map((id) => id.slice(0, 18));
    expect(times).toEqual(times.toSorted());
  });
});
