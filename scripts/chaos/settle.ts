import { setTimeout as sleep } from 'node:timers/promises';
import { ask } from './api.ts';
import { check } from './checker.ts';
import type { Clients } from './clients.ts';
import type { Evidence, Violation } from './evidence.ts';
import { gather, unrested } from './gather.ts';
import type { System } from './system.ts';

const LOOK_EVERY_MS = 1_000;

/** What was found when the system had come to rest, or its time was up. */
export interface Settled {
  readonly evidence: Evidence | undefined;
  readonly violations: readonly Violation[];
}

/**
 * Waits until everything that was promised is there.
 *
 * @param deadline when it must be, in milliseconds since the epoch.
 * @param tell hears how far it is.
 */
export async function settle(
  system: System,
  clients: Clients,
  deadline: number,
  signal: AbortSignal,
  tell: (text: string) => void,
): Promise<Settled> {
  await clients.done;
  let open = clients.acknowledged().map(({ orderId }) => orderId);
  let told = '';
  const tellOnce = (text: string) => {
    if (text !== told) tell(text);
    told = text;
  };
  while (open.length > 0 && Date.now() < deadline && !signal.aborted) {
    open = await unrested(system, open);
    tellOnce(
      `${open.length} orders have not come to rest${open.length < 4 ? `: ${open.join()}` : ''}`,
    );
    if (open.length > 0) await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
  for (;;) {
    const found = await look(system, clients);
    tellOnce(`${found.violations.length} promises are not kept yet`);
    if (found.violations.length === 0 || Date.now() > deadline || signal.aborted) return found;
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
}

async function look(system: System, clients: Clients): Promise<Settled> {
  try {
    const evidence = await gather(system, clients);
    return { evidence, violations: check(evidence) };
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return { evidence: undefined, violations: [{ kind: 'unfinished', subject: 'system', detail }] };
  }
}

/** Completes the orders of `pharmacy-manual`, as a person there would, until it is told to stop. */
export async function runPharmacist(
  system: System,
  clients: Clients,
  signal: AbortSignal,
): Promise<void> {
  const done = new Set<string>();
  while (!signal.aborted) {
    for (const { orderId, pharmacyId } of clients.acknowledged()) {
      if (pharmacyId !== 'pharmacy-manual' || done.has(orderId)) continue;
      const url = `${system.simulatorUrl}/control/orders/${orderId}/advance`;
      const { status } = await ask(url, { to: 'completed' });
      if (status === 200 || status === 409) done.add(orderId);
    }
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
}
