import { Counter, Histogram, type Registry } from 'prom-client';
import { pharmacyLabel } from '../metrics/bounded-label.ts';

/** One answered request as the metrics count it, without an organization or an order. */
export interface AnsweredRequest {
  readonly method: string;
  /** The route's pattern, never the URL; undefined when no route matches. */
  readonly route: string | undefined;
  readonly status: number;
  readonly seconds: number;
}

/** The metrics of one server process. */
export interface HttpMetrics {
  observe(request: AnsweredRequest): void;
  /** Counts an attempt that was refused because too many from its address had failed. */
  countRefusedAttempt(): void;
  /**
   * Counts a pharmacy's webhook.
   *
   * @param pharmacyId undefined when no such pharmacy is set up: anybody can invent ids.
   */
  countWebhook(pharmacyId: string | undefined, result: 'authentic' | 'unverified'): void;
  /** Returns all metrics in Prometheus' text format. */
  text(): Promise<string>;
  readonly contentType: string;
}

/** Methods that get a label of their own. Callers can invent others, so those share one label. */
const METHODS: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
]);

/** Histogram buckets in seconds: from one indexed read up to the database's time limit. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Creates what a server counts itself. */
export function createHttpMetrics(registry: Registry): HttpMetrics {
  const registers = [registry];
  const nameOfPharmacy = pharmacyLabel();

  const labelNames = ['method', 'route', 'status'] as const;
  const requests = new Counter({
    name: 'rx_http_requests_total',
    help: 'Requests answered, by method, route pattern and status.',
    labelNames,
    registers,
  });
  const duration = new Histogram({
    name: 'rx_http_request_duration_seconds',
    help: 'Time from the request to the end of its response.',
    labelNames,
    buckets: BUCKETS,
    registers,
  });
  const refusedAttempts = new Counter({
    name: 'rx_http_refused_attempts_total',
    help: 'Attempts refused because too many from their address had failed.',
    registers,
  });
  const webhooks = new Counter({
    name: 'rx_pharmacy_webhooks_total',
    help: 'Webhooks of pharmacies by result: authentic, unverified. `unknown`: no such pharmacy is set up.',
    labelNames: ['pharmacy', 'result'],
    registers,
  });

  return {
    contentType: registry.contentType,
    observe({ method, route, status, seconds }) {
      const labels = {
        method: METHODS.has(method) ? method : 'other',
        route: route ?? 'unknown',
        status: String(status),
      };
      requests.inc(labels);
      duration.observe(labels, seconds);
    },
    countRefusedAttempt: () => refusedAttempts.inc(),
    countWebhook: (pharmacyId, result) =>
      webhooks.inc({
        pharmacy: pharmacyId === undefined ? 'unknown' : nameOfPharmacy(pharmacyId),
        result,
      }),
    text: () => registry.metrics(),
  };
}
