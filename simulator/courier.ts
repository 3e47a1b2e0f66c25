import { setTimeout as sleep } from 'node:timers/promises';
import { Webhook } from 'standardwebhooks';
import type { Ledger } from './ledger.ts';
import type { Log } from './log.ts';
import type { Delivery } from './order.ts';

const ATTEMPTS = 10;
const FIRST_WAIT_MS = 500;
const TIMEOUT_MS = 5_000;

/** Delivers webhooks to the client. */
export interface Courier {
  /** Delivers each of them, with retries. Resolves when all have arrived or are given up. */
  send(deliveries: readonly Delivery[]): Promise<void>;
  /** Stops all deliveries. */
  stop(): void;
}

/**
 * Sends webhooks as the Standard Webhooks specification (standardwebhooks.com) describes: any 2xx is
 * success. It retries everything else after 0.5 s, 1 s, 2 s and so on, with ten attempts in all. An
 * unfinished delivery stays in the ledger, and the next start sends it.
 *
 * @param options.webhookUrl a pharmacy's webhooks go to `<webhookUrl>/<pharmacyId>`.
 * @param options.secretOf returns the secret that signs a pharmacy's webhooks.
 */
export function createCourier(options: {
  ledger: Ledger;
  webhookUrl: string;
  secretOf: (pharmacyId: string) => string;
  log: Log;
}): Courier {
  const { ledger, log } = options;
  let stopping = new AbortController();

  async function deliver(delivery: Delivery, signal: AbortSignal): Promise<void> {
    const { id, pharmacyId, reference, type } = delivery;
    let waitMs = Math.max(0, delivery.dueAt - Date.now());
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      await sleep(waitMs, undefined, { signal });
      const code = await post(delivery, signal);
      signal.throwIfAborted();
      if (code === undefined) {
        log.info('webhook delivered', { pharmacyId, reference, type, attempt });
        return await ledger.record({ event: 'settled', deliveryId: id });
      }
      log.warn('webhook not delivered', { pharmacyId, reference, type, attempt, code });
      waitMs = FIRST_WAIT_MS * 2 ** (attempt - 1);
    }
    log.error('webhook given up', { pharmacyId, reference, type });
    await ledger.record({ event: 'settled', deliveryId: id });
  }

  /** @returns undefined on success, otherwise an error code. */
  async function post(delivery: Delivery, signal: AbortSignal): Promise<string | undefined> {
    const { pharmacyId, webhookId, body } = delivery;
    const now = new Date();
    const webhook = new Webhook(options.secretOf(pharmacyId));
    // Not `AbortSignal.timeout`: Node 20 garbage-collects it when only `AbortSignal.any` refers to it.
    const late = new AbortController();
    const timer = setTimeout(
      () => late.abort(new DOMException('late', 'TimeoutError')),
      TIMEOUT_MS,
    );
    try {
      const response = await fetch(`${options.webhookUrl}/${pharmacyId}`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'webhook-id': webhookId,
          'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
          'webhook-signature': webhook.sign(webhookId, now, body),
        },
        body,
        redirect: 'manual',
        signal: AbortSignal.any([signal, late.signal]),
      });
      await response.body?.cancel();
      return response.ok ? undefined : `HTTP_${response.status}`;
    } catch (error) {
      return error instanceof DOMException && error.name === 'TimeoutError'
        ? 'TIMEOUT'
        : 'UNREACHABLE';
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    async send(deliveries) {
      const { signal } = stopping;
      try {
        await Promise.all(deliveries.map((delivery) => deliver(delivery, signal)));
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    },
    stop() {
      stopping.abort();
      stopping = new AbortController();
    },
  };
}
