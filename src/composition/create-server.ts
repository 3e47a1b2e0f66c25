import type { Registry } from 'prom-client';
import { recordAudit } from '../audit/record-audit.ts';
import { createCaseService } from '../cases/case-service.ts';
import { createDocumentStore } from '../documents/create-document-store.ts';
import { createDocumentLinks } from '../documents/document-links.ts';
import { createReadCheck } from '../documents/probe-store.ts';
import { createSealedDocuments } from '../documents/sealed-documents.ts';
import { foreignAccess, type Lookup } from '../egress/destination.ts';
import { createApp } from '../http/app.ts';
import { createFailedAttempts } from '../http/edge/failed-attempts.ts';
import { createWebhookAttempts } from '../http/edge/webhook-attempts.ts';
import { createHttpMetrics } from '../http/metrics.ts';
import { checkReadiness } from '../http/readiness.ts';
import type { RouteDependencies } from '../http/route.ts';
import { codeOf } from '../lib/safe-error.ts';
import { shareResult } from '../lib/share-result.ts';
import { addPoolMetrics } from '../metrics/pool-metrics.ts';
import { addSealMetrics } from '../metrics/seal-metrics.ts';
import { addProcessMetrics, metricsAddressError } from '../metrics/serve-metrics.ts';
import { createEndpointService } from '../notifications/endpoints/endpoint-service.ts';
import { createEventService } from '../notifications/events/event-service.ts';
import { createSender } from '../notifications/sending/sender.ts';
import { logBrokenSeals } from '../orders/broken-seals.ts';
import { measureEnds } from '../orders/ended-orders.ts';
import { createOrderService } from '../orders/order-service.ts';
import { createKnownKeys } from '../organizations/known-keys.ts';
import { createPharmacyDirectory } from '../pharmacy/directory.ts';
import { startPharmacyActivity } from '../pharmacy/pharmacy-activity.ts';
import type { Config } from '../process/config.ts';
import type { Log } from '../process/log.ts';
import { type Database, withTimeout } from '../storage/database.ts';
import { createSchemaCheck } from '../storage/schema-check.ts';

/** The part of the configuration that the server is built from. */
export type ServerConfig = Pick<
  Config,
  'hashSecret' | 'documentLinkSecrets' | 'limits' | 'http' | 'documents'
> & {
  readonly pharmacy: Pick<Config['pharmacy'], 'timeoutMs'>;
  readonly webhooks: Pick<Config['webhooks'], 'destinations' | 'timeoutMs'>;
};

/** The routes that the port of `METRICS_ADDRESS` has. Load balancers may use both ports for the others. */
const OPERATION_URLS: readonly string[] = ['/metrics', '/readyz', '/healthz'];

/** How often `/readyz` reads from the store of documents, in milliseconds: buckets charge for each request. */
const READ_DOCUMENTS_EVERY_MS = 5_000;

/** The HTTP API, built but not listening yet. */
export interface Server {
  /**
   * Listens on the configured host and port, and on the one for metrics. Resolves with the URL of the first.
   *
   * @throws {Error} with the code `EADDRINUSE`, when another process has the port.
   * @throws {Error} the server cannot listen on the address for metrics.
   */
  listen(): Promise<string>;
  /** Finishes the requests in flight and closes the connections. */
  close(): Promise<void>;
}

/**
 * Builds the server from its configuration and connections. The caller opens the connections and
 * closes them after the server.
 *
 * @param parts.checkTemporal resolves when Temporal answers; `/readyz` calls it.
 * @param parts.lookup in production `foreignLookup`.
 * @param parts.onlyLocalHosts true in the sandbox: refuses requests whose `Host` is not this machine.
 * @throws {ConfigError} the TLS files cannot be used.
 */
export async function createServer(parts: {
  readonly config: ServerConfig;
  readonly database: Database;
  /** Where the server counts; `/metrics` shows all of it. */
  readonly registry: Registry;
  readonly checkTemporal: () => Promise<void>;
  readonly lookup: Lookup;
  readonly log: Log;
  readonly onlyLocalHosts?: boolean | undefined;
}): Promise<Server> {
  const { config, database, registry, checkTemporal, lookup, log } = parts;
  const { hashSecret, http, webhooks } = config;

  const checkSchema = createSchemaCheck(database, log);
  const orders = createOrderService(database, { hashSecret, ...config.limits }, log);
  const cases = createCaseService(database, hashSecret);
  const store = await createDocumentStore(config.documents);
  const documents = createSealedDocuments(store);
  const documentLinks = createDocumentLinks({
    publicUrl: http.publicUrl,
    secrets: config.documentLinkSecrets,
  });

  const readDocuments = createReadCheck(store);
  const checkDocuments = shareResult(READ_DOCUMENTS_EVERY_MS, async () => {
    try {
      await readDocuments();
    } catch (error) {
      log.warn('documents cannot be read', { code: codeOf(error) });
      throw error;
    }
  });

  const destinations = foreignAccess(webhooks.destinations, lookup);
  const pharmacies = createPharmacyDirectory(database, {
    timeoutMs: config.pharmacy.timeoutMs,
    foreign: destinations,
  });
  const pharmacyActivity = startPharmacyActivity(database, log);
  const sender = createSender({ ...destinations, timeoutMs: webhooks.timeoutMs });
  const endpoints = createEndpointService(database, { ...destinations, sender });
  const events = createEventService(database, documentLinks);

  addProcessMetrics(registry);
  addPoolMetrics(registry, database);
  const metrics = createHttpMetrics(registry);
  const endMeasuringEnds = measureEnds(registry);
  const endSealReports = logBrokenSeals(log, addSealMetrics(registry));
  const onRefused = () => metrics.countRefusedAttempt();
  const countFailures = () => createFailedAttempts(http.failureLimits, log, { onRefused });
  const dependencies: RouteDependencies = {
    recordAudit: (entry) => withTimeout(recordAudit(database, entry)),
    ...{ orders, cases, documents, documentLinks, pharmacies },
    ...{ endpoints, events, metrics, pharmacyActivity },
    keyFailures: countFailures(),
    linkFailures: countFailures(),
    webhookAttempts: createWebhookAttempts(http.failureLimits, log, { onRefused }),
    knownKeys: createKnownKeys(database, hashSecret),
    // Otherwise anybody who reaches these two could use up the connections that orders need.
    readMetrics: shareResult(http.metricsCacheMs, () => metrics.text()),
    readReadiness: shareResult(http.metricsCacheMs, () =>
      checkReadiness({
        postgres: () => orders.check(),
        schema: checkSchema,
        temporal: checkTemporal,
        documents: checkDocuments,
      }),
    ),
  };
  const { metricsAddress } = http;
  const app = createApp(dependencies, log, {
    ...http,
    onlyLocalHosts: parts.onlyLocalHosts,
    serves: ({ url }) => metricsAddress === undefined || url !== '/metrics',
  });
  const operations =
    metricsAddress &&
    createApp(dependencies, log, {
      slowReaders: http.slowReaders,
      publicUrl: `http://${metricsAddress.host}:${metricsAddress.port}`,
      serves: ({ url }) => OPERATION_URLS.includes(url),
    });

  return {
    async listen() {
      if (operations !== undefined) {
        const address = await operations.listen({ ...metricsAddress }).catch((error: unknown) => {
          throw metricsAddressError(error);
        });
        log.info('serving metrics', { address });
      }
      return await app.listen({ host: http.host, port: http.port });
    },
    async close() {
      await Promise.all([app.close(), operations?.close()]);
      await pharmacyActivity.stop();
      sender.close();
      endSealReports();
      endMeasuringEnds();
    },
  };
}
