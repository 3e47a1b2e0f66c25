import { channel } from 'node:diagnostics_channel';
import type { Log } from '../process/log.ts';

/*
 * Reads of orders whose seal is broken: a row was altered, or restored from another row. The code that reads
 * an order has no log, so it publishes the fault on a channel of this process.
 */

const BROKEN_SEALS = channel('rx-orders:broken-seal');

/** Reports an order that could not be decrypted because its seal is broken. */
export function reportBrokenSeal(orderId: string): void {
  BROKEN_SEALS.publish(orderId);
}

/** Ids of orders that one process remembers as logged. */
const MAX_LOGGED = 1_000;

/**
 * Logs the id of each order whose broken seal is reported in this process, once.
 *
 * @param count called at each report.
 * @returns a function that ends the subscription.
 */
export function logBrokenSeals(log: Log, count: () => void = () => {}): () => void {
  const logged = new Set<string>();
  const subscriber = (message: unknown) => {
    const orderId = String(message);
    count();
    // A list that is read every second must not fill the log.
    if (logged.has(orderId)) return;
    if (logged.size >= MAX_LOGGED) logged.clear();
    logged.add(orderId);
    log.error('order unreadable', { orderId, code: 'SEAL_BROKEN' });
  };
  BROKEN_SEALS.subscribe(subscriber);
  return () => {
    BROKEN_SEALS.unsubscribe(subscriber);
  };
}
