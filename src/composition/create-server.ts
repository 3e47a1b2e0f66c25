import { recordAudit } from '../audit/record-audit.ts';
import { createCaseService } from '../cases/case-service.ts';
import { createDocumentStore } from '../documents/create-document-store.ts';
import { createDocumentLinks } from '../documents/document-links.ts';
import { createSealedDocuments } from '../documents/sealed-documents.ts';
import { foreignAccess, type Lookup } from '../egress/destination.ts';
import { createApp } from '../http/app.ts';
import { createFailedAttempts } from '../http/edge/failed-attempts.ts';
import { createHttpMetrics } from '../http/metrics.ts';
import { createEndpointService } from '../notifications/endpoints/endpoint-service.ts';
import { createEventService } from '../notifications/events/event-service.ts';
import { createSender } from '../notifications/sending/sender.ts';
import { readBacklogs } from '../operators/backlogs.ts';
import { createOrderService } from '../orders/order-service.ts';
import { createPharmacyDirectory } from '../pharmacy/directory.ts';
import type { Config } from '../process/config.ts';
import type { Log } from '../process/log.ts';
import { type Database, withTimeout } from '../storage/database.ts';

/** The part of the configuration that the server is built from. */
export type ServerConfig = Pick<
  Config,
  'hashSecret' | 'documentLinkSecrets' | 'limits' | 'http' | 'documents'
> & {
  readonly pharmacy: Pick<Config['pharmacy'], 'timeoutMs'>;
  readonly webhooks: Pick<Config['webhooks'], 'destinations' | 'timeoutMs'>;
};

/** The HTTP API, built but not listening yet. */
export interface Server {
  /**
   * Listens on the configured host and port. Resolves with the URL.
   *
   * @throws {Error} with the code `EADDRINUSE`, when another process has the port.
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
 * @throws {ConfigError} the TLS files cannot be used.
 */
export async function createServer(parts: {
  readonly config: ServerConfig;
  readonly database: Database;
  readonly checkTemporal: () => Promise<void>;
  readonly lookup: Lookup;
  readonly log: Log;
}): Promise<Server> {
  const { config, database, checkTemporal, lookup, log } = parts;
  const { hashSecret, http, webhooks } = config;

  const orders = createOrderService(database, { hashSecret, ...config.limits }, log);
  const cases = createCaseService(database, hashSecret);
  const documents = createSealedDocuments(await createDocumentStore(config.documents));
  const documentLinks = createDocumentLinks({
    publicUrl: http.publicUrl,
    secrets: config.documentLinkSecrets,
  });

  const destinations = foreignAccess(webhooks.destinations, lookup);
  const pharmacies = createPharmacyDirectory(database, {
    timeoutMs: config.pharmacy.timeoutMs,
    foreign: destinations,
  });
  const sender = createSender({ ...destinations, timeoutMs: webhooks.timeoutMs });
  const endpoints = createEndpointService(database, { ...destinations, sender });
  const events = createEventService(database, documentLinks);

  const metrics = createHttpMetrics(() => withTimeout(readBacklogs(database)));
  const failedAttempts = createFailedAttempts(http.failureLimits, log, {
    onRefused: () => metrics.countRefusedAttempt(),
  });
  const app = createApp(
    {
      recordAudit: (entry) => withTimeout(recordAudit(database, entry)),
      ...{ orders, cases, documents, documentLinks, pharmacies },
      ...{ endpoints, events, metrics, failedAttempts, checkTemporal },
    },
    log,
    http,
  );

  return {
    listen: () => app.listen({ host: http.host, port: http.port }),
    async close() {
      await app.close();
      sender.close();
    },
  };
}
