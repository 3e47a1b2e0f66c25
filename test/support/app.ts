import { lookup } from 'node:dns/promises';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { recordAudit } from '../../src/audit/record-audit.ts';
import { createCaseService } from '../../src/cases/case-service.ts';
import { createDocumentLinks } from '../../src/documents/document-links.ts';
import { createFileStore } from '../../src/documents/file-store.ts';
import { createSealedDocuments } from '../../src/documents/sealed-documents.ts';
import { type AppOptions, createApp } from '../../src/http/app.ts';
import { createFailedAttempts, type FailureLimits } from '../../src/http/edge/failed-attempts.ts';
import { createHttpMetrics } from '../../src/http/metrics.ts';
import type { Destinations } from '../../src/notifications/endpoints/check-destination.ts';
import { createEndpointService } from '../../src/notifications/endpoints/endpoint-service.ts';
import { createEventService } from '../../src/notifications/events/event-service.ts';
import { createSender } from '../../src/notifications/sending/sender.ts';
import { readBacklogs } from '../../src/operators/backlogs.ts';
import { createOrderService } from '../../src/orders/order-service.ts';
import { createPharmacyDirectory } from '../../src/pharmacy/directory.ts';
import type { Config } from '../../src/process/config.ts';
import { type Database, withTimeout } from '../../src/storage/database.ts';
import { createKeptLog, type KeptLog } from './logs.ts';
import { HASH_SECRET } from './organization.ts';

/** Where links to documents point: no test follows them as they are. HTTPS, as in production. */
export const PUBLIC_URL = 'https://orders.example.com';

/** Limits that no test meets by accident. */
export const ROOMY: Config['limits'] = {
  rateLimit: { perSecond: 100_000, burstSeconds: 2 },
  outboxLimit: 1_000_000,
  queueLimit: 10_000,
};

/** Tests make hundreds of wrong calls from one address. */
const ROOMY_FAILURES: FailureLimits = { burst: 1_000_000, perSecond: 1_000_000 };

/** What a test changes of how the app is reached. */
export type Reach = Partial<AppOptions> & { readonly failureLimits?: FailureLimits };

/** The HTTP interface, listening on a port of its own over a test's database. */
export interface TestApp {
  readonly url: string;
  readonly log: KeptLog;
  readonly documentsDir: string;
  close(): Promise<void>;
}

/** As in the sandbox: receivers of tests are on this machine. */
const LOOPBACK: Destinations = { policy: { sandbox: true }, lookup };

/**
 * Starts the app on real parts; `checkTemporal` is what `/readyz` asks, `limits` what to change of them,
 * `destinations` where webhooks may go, `reach` how it is reached.
 */
export async function startApp(
  database: Database,
  checkTemporal: () => Promise<void> = async () => {},
  limits: Partial<Config['limits']> = {},
  destinations = LOOPBACK,
  { failureLimits = ROOMY_FAILURES, ...reach }: Reach = {},
): Promise<TestApp> {
  const documentsDir = await mkdtemp(path.join(os.tmpdir(), 'rx-documents-'));
  const log = createKeptLog();
  const orders = createOrderService(
    database,
    { hashSecret: HASH_SECRET, ...ROOMY, ...limits },
    log,
  );
  const documentLinks = createDocumentLinks({ publicUrl: PUBLIC_URL, hashSecret: HASH_SECRET });
  const sender = createSender(destinations);
  const metrics = createHttpMetrics(() => withTimeout(readBacklogs(database)));
  const onRefused = () => metrics.countRefusedAttempt();
  const app = createApp(
    {
      recordAudit: (entry) => withTimeout(recordAudit(database, entry)),
      orders,
      failedAttempts: createFailedAttempts(failureLimits, log, { onRefused }),
      metrics,
      cases: createCaseService(database, HASH_SECRET),
      documents: createSealedDocuments(createFileStore(documentsDir)),
      documentLinks,
      events: createEventService(database, documentLinks),
      endpoints: createEndpointService(database, { ...destinations, sender }),
      pharmacies: createPharmacyDirectory(database, 2_000),
      checkTemporal,
    },
    log,
    { publicUrl: PUBLIC_URL, ...reach },
  );
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  return {
    url,
    log,
    documentsDir,
    async close() {
      await app.close();
      sender.close();
      await rm(documentsDir, { recursive: true, force: true });
    },
  };
}
