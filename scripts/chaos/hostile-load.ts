import { setTimeout as sleep } from 'node:timers/promises';
import { HOSTILE, startHostilePharmacies } from '../../simulator/hostile-pharmacies.ts';
import { addHostilePharmacies } from '../../test/support/add-hostile-pharmacies.ts';
import { examplePlaceOrder } from '../../test/support/example.ts';
import { ask } from './api.ts';
import type { System } from './system.ts';

/** Another organization of the sandbox, so that its orders are not part of the evidence. */
const KEY = { 'cv-api-key': 'OTHER_SECRET_KEY' };
const CASE = '/api/v1/cases/223e4567-e89b-12d3-a456-426614174000';
const AT_ONCE = 8;
const RETRY_MS = 300;

/**
 * Places orders of another organization at pharmacies that hang, drip and flood. The checked orders must end as
 * they do without them.
 *
 * @param count orders at each pharmacy.
 * @returns stops the pharmacies.
 */
export async function startHostileLoad(
  { databaseUrl, encryptionKeys, serverUrls }: System,
  count: number,
): Promise<() => void> {
  const pharmacies = await startHostilePharmacies();
  await addHostilePharmacies({ databaseUrl, encryptionKeys }, pharmacies);
  const left = HOSTILE.flatMap((id) => Array.from({ length: count }, () => id)).values();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const pharmacyId of left) await place(`${serverUrls[0]}${CASE}`, pharmacyId);
    }),
  );
  return pharmacies.stop;
}

async function place(url: string, pharmacyId: string): Promise<void> {
  const { idempotencyKey: _, order, ...request } = examplePlaceOrder();
  for (;;) {
    const { status } = await ask(url, { ...request, order: { ...order, pharmacyId } }, KEY);
    if (status === 200) return;
    if (status !== 429 && status !== 503) {
      throw new Error(`an order at the pharmacy ${pharmacyId} got ${status ?? 'no answer'}`);
    }
    await sleep(RETRY_MS);
  }
}
