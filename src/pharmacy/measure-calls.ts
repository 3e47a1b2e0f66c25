import { Counter, Histogram, type Registry } from 'prom-client';
import { codeOf } from '../lib/safe-error.ts';
import { codeLabel, pharmacyLabel } from '../metrics/bounded-label.ts';
import { inSpan } from '../tracing/tracer.ts';
import type { PharmacyDirectory } from './directory.ts';
import type { PharmacyGateway } from './gateway.ts';
import {
  type ActivityKind,
  type PharmacyActivity,
  REFUSED,
  SUCCEEDED,
} from './pharmacy-activity.ts';
import { OrderRefusedError } from './pharmacy-errors.ts';

/**
 * Wraps the pharmacies so that each call to one is counted by its code, and its time is measured.
 *
 * @param activity also counts them, for the operators' console.
 */
export function measureCalls(
  registry: Registry,
  activity: Pick<PharmacyActivity, 'note'>,
  pharmacies: PharmacyDirectory,
): PharmacyDirectory {
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

  async function measure<T>(
    pharmacyId: string,
    call: Exclude<ActivityKind, 'webhook'>,
    ask: () => Promise<T>,
  ): Promise<T> {
    const pharmacy = nameOf(pharmacyId);
    const begun = performance.now();
    const ended = (code: string) => {
      const ms = performance.now() - begun;
      calls.inc({ pharmacy, call, code });
      duration.observe({ pharmacy, call }, ms / 1_000);
      activity.note(pharmacyId, call, code, ms);
    };
    try {
      const attributes = { 'rx.pharmacy.id': pharmacy };
      const result = await inSpan(`pharmacy ${call}`, { kind: 'client', attributes }, ask);
      ended(SUCCEEDED);
      return result;
    } catch (error) {
      ended(error instanceof OrderRefusedError ? REFUSED : codeFor(codeOf(error)));
      throw error;
    }
  }

  return {
    find: (pharmacyId) => pharmacies.find(pharmacyId),
    async gateway(pharmacyId, token) {
      const gateway = await pharmacies.gateway(pharmacyId, token);
      return gateway && measured(gateway, pharmacyId);
    },
  };

  function measured(gateway: PharmacyGateway, pharmacyId: string): PharmacyGateway {
    return {
      hasReferences: gateway.hasReferences,
      place: (...args) => measure(pharmacyId, 'place', () => gateway.place(...args)),
      findByReference: (...args) =>
        measure(pharmacyId, 'find', () => gateway.findByReference(...args)),
      get: (...args) => measure(pharmacyId, 'get', () => gateway.get(...args)),
      cancel: (...args) => measure(pharmacyId, 'cancel', () => gateway.cancel(...args)),
      download: (...args) => measure(pharmacyId, 'download', () => gateway.download(...args)),
    };
  }
}
