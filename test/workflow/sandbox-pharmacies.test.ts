import { readFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWorld, type World } from '../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

describe('a happy order', () => {
  it('ends COMPLETED with its documents stored as the pharmacy announced them', async () => {
    const orderId = await world.place('pharmacy-123');
    const order = await world.reach(orderId, 'COMPLETED');
    expect(order.documents).toHaveLength(2);
    for (const document of order.documents) {
      const file = path.join(world.worker.documentsDir, orderId, `${document.id}.pdf`);
      const bytes = await readFile(file);
      expect(bytes.length).toBe(document.size);
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(document.sha256);
    }
    expect(await world.simulator.ledgerOf(orderId)).toMatchObject([{ asked: 1 }]);
  });
});
