import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { examplePlaceOrder } from '../../support/example.ts';
import { createWorld, type World } from '../../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

it('the audit log has what a program places, changes and reads; reading a status is not recorded', async () => {
  const { organizationId, caseId } = world.organization;
  const order = { ...examplePlaceOrder().order, pharmacyId: 'pharmacy-nobody-knows' };
  const handle = await world.client.place({ caseId, order });
  await handle.status();
  await handle.signalCompletion({ webhookId: randomUUID(), status: 'completed' });
  await handle.cancel('no longer needed');
  await handle.result();
  await world.client.get(handle.orderId);

  const rows = await world.db.database`
    SELECT actor_kind, actor, action, result FROM audit_log
    WHERE order_id = ${handle.orderId} ORDER BY id`;
  const actions = [
    ...['ORDER_PLACED', 'PHARMACY_MESSAGE_STORED', 'ORDER_CANCEL_REQUESTED'],
    ...['ORDER_READ', 'ORDER_READ'],
  ];
  const client = { actorKind: 'system', actor: 'order-client', result: 'OK' };
  expect(rows).toEqual(actions.map((action) => ({ ...client, action })));
  const read = world.db.database`
    SELECT FROM audit_log WHERE organization_id = ${organizationId} AND action = 'ORDER_READ'`;
  expect(await read).toHaveLength(2);
});
