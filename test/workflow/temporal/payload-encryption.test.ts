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

/** Reads an order’s history as Temporal stores it. */
async function stored(orderId: string) {
  const { history } = await raw.workflowService.getWorkflowExecutionHistory({
    namespace: 'default',
    execution: { workflowId: orderWorkflowId(orderId) },
  });
  return history?.events ?? [];
}

/** Collects the encodings of all payloads except search attributes, and the messages of failures. */
function collect(value: unknown, found: { encodings: string[]; messages: string[] }): void {
  if (typeof value !== 'object' || value === null) return;
  const { metadata } = value as RawPayload;
  if (metadata?.['encoding'] !== undefined) {
    found.encodings.push(Buffer.from(metadata['encoding']).toString());
    return;
  }
  for (const [name, part] of Object.entries(value)) {
    // The SDK’s core stores type, number and times of a local activity in `data`.
    if (name === 'searchAttributes' || name === 'data') continue;
    if (/failure|cause/i.test(name)) {
      const { message } = (part ?? {}) as { message?: string };
      if (message !== undefined) found.messages.push(message);
    }
    collect(part, found);
  }
}

describe('Temporal’s database', () => {
  it('holds every payload of an order encrypted', async () => {
    const orderId = await world.place('pharmacy-123');
    await world.reach(orderId, 'COMPLETED');
    await world.ended(orderId);
    const found = { encodings: [], messages: [] };
    collect(await stored(orderId), found);
    expect(new Set(found.encodings)).toEqual(new Set(['binary/encrypted']));
    expect(found.encodings.length).toBeGreaterThan(5);
    const result: unknown = await world.worker.client.workflow
      .getHandle(orderWorkflowId(orderId))
      .result();
    expect(result).toMatchObject({ orderId, status: 'COMPLETED' });
  });

  it('holds failures without messages, which the keys can decrypt', async () => {
    const orderId = await world.place('pharmacy-flaky');
    await world.reach(orderId, 'COMPLETED');
    await world.ended(orderId);
    const found: { encodings: string[]; messages: string[] } = { encodings: [], messages: [] };
    collect(await stored(orderId), found);
    expect(found.messages.filter((message) => message !== 'Encoded failure')).toEqual([]);
    const lines = await readHistory(world.worker.client, orderId);
    const failures = lines.flatMap(({ failure }) => failure ?? []);
    expect(failures).toHaveLength(found.messages.length);
    for (const failure of failures) expect(failure).toMatch(/^PHARMACY_UNAVAILABLE: PHARMACY_/);
    expect(lines).toContainEqual(
      expect.objectContaining({ event: 'localActivity', about: 'validateOrder', attempt: 1 }),
    );
  });

  it('accepts an unencrypted update, as the Temporal UI sends it', async () => {
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
