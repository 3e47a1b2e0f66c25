import { Counter, type Registry } from 'prom-client';

/** Adds the counter of broken seals; returns the function that counts one. */
export function addSealMetrics(registry: Registry): () => void {
  const brokenSeals = new Counter({
    name: 'rx_broken_seals_total',
    help: 'Reads of orders whose stored data was damaged; the log has their ids.',
    registers: [registry],
  });
  return () => brokenSeals.inc();
}
