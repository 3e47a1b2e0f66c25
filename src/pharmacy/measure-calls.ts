import { Counter, Histogram, type Registry } from 'prom-client';
import { codeOf } from '../lib/safe-error.ts';
import { codeLabel, pharmacyLabel } from '../metrics/bounded-label.ts';
import { inSpan } from '../tracing/tracer.ts';
import type { PharmacyDirectory } from './directory.ts';
import type { PharmacyGateway } from './gateway.ts';
import { OrderRefusedError } from './pharmacy-errors.ts';

/** The pharmacy refuses an order: it works, and its own code is not a label. */
const REFUSED = 'ORDER_REFUSED';

/** Wraps the pharmacies so that each call to one is counted by its code, and its time is measured. */
export function measureCalls(registry: Registry, pharmacies: PharmacyDirectory): PharmacyDirectory {
  const registers = [registry];
  const nameOf = pharmacyLabel();
  const codeFor = codeLabel();
  const calls = new Counter({
    name: 'rx_pharmacy_calls_total',
    help: 'Calls to pharmacies by pharmacy, call (place, find, get, cancel, download) and code: `ok`, or why it failed.',
    labelNames: ['pharmacy', 'call', 'code'],
    registers,
  });
  const duration = new Histogram({
    name: 'rx_pharmacy_call_duration_seconds',
    help: 'Time from a call to a pharmacy to its answer; for a download, to the first byte.',
    labelNames: ['pharmacy', 'call'],
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers,
  });

  async function measure<T>(pharmacy: string, call: string, ask: () => Promise<T>): Promise<T> {
    const end = duration.startTimer({ pharmacy, call });
    try {
      const attributes = { 'rx.pharmacy.id': pharmacy };
      const result = await inSpan(`pharmacy ${call}`, { kind: 'client', attributes }, ask);
      calls.inc({ pharmacy, call, code: 'ok' });
      return result;
    } catch (error) {
      const code = error instanceof OrderRefusedError ? REFUSED : codeFor(codeOf(error));
      calls.inc({ pharmacy, call, code });
      throw error;
    } finally {
      end();
    }
  }

  return {
    find: (pharmacyId) => pharmacies.find(pharmacyId),
    async gateway(pharmacyId, token) {
      const gateway = await pharmacies.gateway(pharmacyId, token);
      return gateway && measured(gateway, nameOf(pharmacyId));
    },
  };

  function measured(gateway: PharmacyGateway, pharmacy: string): PharmacyGateway {
    return {
      hasReferences: gateway.hasReferences,
      place: (...args) => measure(pharmacy, 'place', () => gateway.place(...args)),
      findByReference: (...args) =>
        measure(pharmacy, 'find', () => gateway.findByReference(...args)),
      get: (...args) => measure(pharmacy, 'get', () => gateway.get(...args)),
      cancel: (...args) => measure(pharmacy, 'cancel', () => gateway.cancel(...args)),
      download: (...args) => measure(pharmacy, 'download', () => gateway.download(...args)),
    };
  }
}
