import { setTimeout as sleep } from 'node:timers/promises';
import { ask } from './api.ts';
import { check } from './checker.ts';
import type { Clients } from './clients.ts';
import type { Evidence, Violation } from './evidence.ts';
import { gather, unfinished } from './gather.ts';
import type { Observed } from './system.ts';

const CHECK_EVERY_MS = 1_000;

/** The findings when the system has finished, or when its time is up. */
export interface Settled {
  readonly evidence: Evidence | undefined;
  readonly violations: readonly Violation[];
}

/**
 * Waits until the system has kept every promise.
 *
 * @param deadline when it gives up, in milliseconds since the epoch.
 * @param progress reports what is still open.
 */
export async function settle(
  system: Observed,
  clients: Clients,
  deadline: number,
  signal: AbortSignal,
  progress: (text: string) => void,
): Promise<Settled> {
  await clients.done;
  let open = clients.acknowledged().map(({ orderId }) => orderId);
  let last = '';
  const progressOnce = (text: string) => {
    if (text !== last) progress(text);
    last = text;
  };
  while (open.length > 0 && Date.now() < deadline && !signal.aborted) {
    open = await unfinished(system, open);
    progressOnce(
      `${open.length} orders are not final yet${open.length < 4 ? `: ${open.join()}` : ''}`,
    );
    if (open.length > 0) await sleep(CHECK_EVERY_MS, undefined, { signal });
  }
  for (;;) {
    const found = await compare(system, clients);
    progressOnce(`${found.violations.length} promises are not kept yet`);
    if (found.violations.length === 0 || Date.now() > deadline || signal.aborted) return found;
    await sleep(CHECK_EVERY_MS, undefined, { signal });
  }
}

async function compare(system: Observed, clients: Clients): Promise<Settled> {
  try {
    const evidence = await gather(system, clients);
    return { evidence, violations: check(evidence) };
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return { evidence: undefined, violations: [{ kind: 'unfinished', subject: 'system', detail }] };
  }
}

/** Completes the orders of `pharmacy-manual`, as a pharmacist would, until the signal aborts. */
export async function runPharmacist(
  system: Observed,
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
    await sleep(CHECK_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
}
