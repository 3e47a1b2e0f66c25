import { Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { readHistory } from '../../../src/operators/order-history.ts';
import { orderWorkflowId, retryUpdate } from '../../../src/workflows/order-messages.ts';
import { createWorld, type World } from '../../support/world.ts';

let world: World;
let raw: Connection;
beforeAll(async () => {
  world = await createWorld();
  raw = await Connection.connect({ address: inject('temporal').address });
});
afterAll(async () => {
  await raw.close();
  await world.close();
});

interface RawPayload {
  readonly metadata?: Record<string, Uint8Array>;
}

/** An order's history as Temporal's store has it. */
async function stored(orderId: string) {
  const { history } = await raw.workflowService.getWorkflowExecutionHistory({
    namespace: 'default',
    execution: { workflowId: orderWorkflowId(orderId) },
  });
  return history?.events ?? [];
}

/** The encodings of all payloads in it, but those of search attributes, and the ends of failures. */
function look(value: unknown, found: { encodings: string[]; messages: string[] }): void {
  if (typeof value !== 'object' || value === null) return;
  const { metadata } = value as RawPayload;
  if (metadata?.['encoding'] !== undefined) {
    found.encodings.push(Buffer.from(metadata['encoding']).toString());
    return;
  }
  for (const [name, part] of Object.entries(value)) {
    // `data` is what the SDK's core notes of a local activity: its type, its number and times.
    if (name === 'searchAttributes' || name === 'data') continue;
    if (/failure|cause/i.test(name)) {
      const { message } = (part ?? {}) as { message?: string };
      if (message !== undefined) found.messages.push(message);
    }
    look(part, found);
  }
}

describe('Temporal’s store', () => {
  it('has every payload of an order encrypted, up to its end', async () => {
    const orderId = await world.place('pharmacy-123');
    await world.reach(orderId, 'COMPLETED');
    await world.ended(orderId);
    const found = { encodings: [], messages: [] };
    look(await stored(orderId), found);
    expect(new Set(found.encodings)).toEqual(new Set(['binary/encrypted']));
    expect(found.encodings.length).toBeGreaterThan(5);
    const result: unknown = await world.worker.client.workflow
      .getHandle(orderWorkflowId(orderId))
      .result();
    expect(result).toMatchObject({ orderId, status: 'COMPLETED' });
  });

  it('has failures without their messages; who has the keys reads them', async () => {
    const orderId = await world.place('pharmacy-flaky');
    await world.reach(orderId, 'COMPLETED');
    await world.ended(orderId);
    const found: { encodings: string[]; messages: string[] } = { encodings: [], messages: [] };
    look(await stored(orderId), found);
    expect(found.messages.filter((message) => message !== 'Encoded failure')).toEqual([]);
    const lines = await readHistory(world.worker.client, orderId);
    const failures = lines.flatMap(({ failure }) => failure ?? []);
    expect(failures).toHaveLength(found.messages.length);
    for (const failure of failures) expect(failure).toMatch(/^PHARMACY_UNAVAILABLE: PHARMACY_/);
  });

  it('takes an update in clear, as the Temporal UI sends it', async () => {
    const pharmacyId = `pharmacy-new-${Date.now()}`;
    const orderId = await world.place(pharmacyId);
    await world.reach(orderId, 'NEEDS_ATTENTION');
    const { updateRef } = await raw.workflowService.updateWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId: orderWorkflowId(orderId) },
      waitPolicy: { lifecycleStage: 3 },
      request: {
        meta: { updateId: 'from-the-ui' },
        input: {
          name: retryUpdate.name,
          args: {
            payloads: [
              {
                metadata: { encoding: Buffer.from('json/plain') },
                data: Buffer.from('{"by":"anna"}'),
              },
            ],
          },
        },
      },
    });
    expect(updateRef?.updateId).toBe('from-the-ui');
    const [repair] = await world.db.database`
      SELECT requested_by FROM order_repairs WHERE order_id = ${orderId}`;
    expect(repair?.['requestedBy']).toBe('anna');
  });
});
