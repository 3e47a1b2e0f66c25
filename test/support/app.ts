import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Registry } from 'prom-client';
import { createServer, type ServerConfig } from '../../src/composition/create-server.ts';
import type { DocumentSettings } from '../../src/documents/create-document-store.ts';
import type { Lookup } from '../../src/egress/destination.ts';
import { foreignLookup } from '../../src/egress/foreign-lookup.ts';
import type { Config } from '../../src/process/config.ts';
import type { Database } from '../../src/storage/database.ts';
import { createKeptLog, type KeptLog } from './logs.ts';
import { HASH_SECRET } from './organization.ts';

/** The base of document links. HTTPS, as in production; no test follows them as they are. */
export const PUBLIC_URL = 'https://orders.example.com';

/** Limits that no test reaches by accident. */
export const ROOMY: Config['limits'] = {
  rateLimit: { perSecond: 100_000, burstSeconds: 2 },
  outboxLimit: 1_000_000,
  queueLimit: 10_000,
};

/**
 * A port of its own; no limit on failed authentication, because tests fail hundreds of times; metrics that are
 * never old, because tests change what they show.
 */
const HTTP: Config['http'] = {
  host: '127.0.0.1',
  port: 0,
  publicUrl: PUBLIC_URL,
  metricsAddress: undefined,
  metricsCacheMs: 0,
  slowReaders: { idleMs: 60_000, bytesPerSecond: 16 * 1024 },
  tls: undefined,
  trustedProxies: [],
  failureLimits: { burst: 1_000_000, perSecond: 1_000_000 },
};

/** What a test changes of the server. */
export interface AppOptions {
  /** What `/readyz` calls; succeeds by default. */
  readonly checkTemporal?: () => Promise<void>;
  /** Where documents are; by default in a folder of this server's own. */
  readonly documents?: DocumentSettings;
  /** Overrides of {@link ROOMY}. */
  readonly limits?: Partial<Config['limits']>;
  /** How the server is reached, e.g. its TLS files or trusted proxies. */
  readonly http?: Partial<Config['http']>;
  /** Whether requests for other hosts are refused, as in the sandbox. */
  readonly onlyLocalHosts?: boolean;
  /** Where webhooks may go; by default to `loopback`, as in the sandbox, where tests have receivers. */
  readonly destinations?: Config['webhooks']['destinations'];
  /** Resolves the names of webhook URLs; by default with DNS. */
  readonly lookup?: Lookup;
}

/** The server, listening on a port of its own. */
export interface TestApp {
  readonly url: string;
  readonly log: KeptLog;
  readonly documentsDir: string;
  close(): Promise<void>;
}

/** Starts the server as the server process does, on a test's database. */
export async function startApp(database: Database, options: AppOptions = {}): Promise<TestApp> {
  const documentsDir = await mkdtemp(path.join(os.tmpdir(), 'rx-documents-'));
  const log = createKeptLog();
  const config: ServerConfig = {
    hashSecret: HASH_SECRET,
    documentLinkSecrets: [HASH_SECRET],
    limits: { ...ROOMY, ...options.limits },
    http: { ...HTTP, ...options.http },
    documents: options.documents ?? { folder: documentsDir },
    pharmacy: { timeoutMs: 2_000 },
    webhooks: { destinations: options.destinations ?? 'loopback', timeoutMs: 10_000 },
  };
  const server = await createServer({
    config,
    database,
    registry: new Registry(),
    checkTemporal: options.checkTemporal ?? (async () => {}),
    lookup: options.lookup ?? foreignLookup,
    onlyLocalHosts: options.onlyLocalHosts,
    log,
  });
  const url = await server.listen();
  return {
    url,
    log,
    documentsDir,
    async close() {
      await server.close();
      await rm(documentsDir, { recursive: true, force: true });
    },
  };
}
