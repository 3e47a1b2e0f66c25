import { lookup } from 'node:dns/promises';
import { recordAudit } from './audit/record-audit.ts';
import { createCaseService } from './cases/case-service.ts';
import { createDocumentStore } from './documents/create-document-store.ts';
import { createDocumentLinks } from './documents/document-links.ts';
import { createSealedDocuments } from './documents/sealed-documents.ts';
import { createApp } from './http/app.ts';
import { createFailedAttempts } from './http/edge/failed-attempts.ts';
import { createHttpMetrics } from './http/metrics.ts';
import { createKeyProvider } from './keys/create-key-provider.ts';
import { createEndpointService } from './notifications/endpoints/endpoint-service.ts';
import { createEventService } from './notifications/events/event-service.ts';
import { createSender } from './notifications/sending/sender.ts';
import { readBacklogs } from './operators/backlogs.ts';
import { createOrderService } from './orders/order-service.ts';
import { createPharmacyDirectory } from './pharmacy/directory.ts';
import { parseConfig } from './process/config.ts';
import { runProcess } from './process/run-process.ts';
import { openDatabase, withTimeout } from './storage/database.ts';
import { refuseSandboxKeys } from './storage/refuse-sandbox-keys.ts';
import { warnAboutPrivilegedRole } from './storage/warn-about-privileged-role.ts';
import { connectionOptions } from './temporal/connection-options.ts';
import { createTemporalCheck } from './temporal/health-check.ts';

// The server process: takes orders and pharmacies' webhooks over HTTP into Postgres.

await runProcess('server', process.env, parseConfig, async ({ config, log }) => {
  const database = openDatabase(config.database.url, config.database.poolSize, {
    keys: createKeyProvider(config),
  });
  // The sandbox sends webhooks to this machine alone.
  if (config.webhooks.destinations === 'public') await refuseSandboxKeys(database);
  warnAboutPrivilegedRole(database, log);
  const temporal = createTemporalCheck(connectionOptions(process.env, config.temporal.address));
  const orders = createOrderService(
    database,
    { hashSecret: config.hashSecret, ...config.limits },
    log,
  );
  const documentLinks = createDocumentLinks({
    publicUrl: config.http.publicUrl,
    hashSecret: config.hashSecret,
  });
  const destinations = {
    policy: { sandbox: config.webhooks.destinations === 'loopback' },
    lookup,
  };
  const sender = createSender({ ...destinations, timeoutMs: config.webhooks.timeoutMs });
  const metrics = createHttpMetrics(() => withTimeout(readBacklogs(database)));
  const failedAttempts = createFailedAttempts(config.http.failureLimits, log, {
    onRefused: () => metrics.countRefusedAttempt(),
  });
  const app = createApp(
    {
      recordAudit: (entry) => withTimeout(recordAudit(database, entry)),
      orders,
      failedAttempts,
      metrics,
      cases: createCaseService(database, config.hashSecret),
      documents: createSealedDocuments(await createDocumentStore(config.documents)),
      documentLinks,
      events: createEventService(database, documentLinks),
      endpoints: createEndpointService(database, { ...destinations, sender }),
      pharmacies: createPharmacyDirectory(database, config.pharmacy.timeoutMs),
      checkTemporal: () => temporal.check(),
    },
    log,
    config.http,
  );
  const { host, port, tls } = config.http;
  await app.listen({ host, port });
  log.info('listening', { address: `${tls ? 'https' : 'http'}://${host}:${port}` });

  return {
    async stop() {
      await app.close();
      sender.close();
      await temporal.close();
      await database.end({ timeout: 2 });
    },
  };
});
