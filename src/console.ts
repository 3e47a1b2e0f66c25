import { Client, Connection } from '@temporalio/client';
import { Registry } from 'prom-client';
import { verifyAuditLog } from './audit/verify-audit-log.ts';
import { createDocumentStore } from './documents/create-document-store.ts';
import { createSealedDocuments } from './documents/sealed-documents.ts';
import { foreignAccess } from './egress/destination.ts';
import { foreignLookup } from './egress/foreign-lookup.ts';
import { createConsole } from './http/console/app.ts';
import { createSingleSignOn } from './http/console/single-sign-on.ts';
import { createFailedAttempts } from './http/edge/failed-attempts.ts';
import { createKeyProvider } from './keys/create-key-provider.ts';
import { isLocalHost } from './lib/local-host.ts';
import { shareResult } from './lib/share-result.ts';
import { addPoolMetrics } from './metrics/pool-metrics.ts';
import { serveMetrics } from './metrics/serve-metrics.ts';
import { createEndpointService } from './notifications/endpoints/endpoint-service.ts';
import { createSender } from './notifications/sending/sender.ts';
import { readChangeMark } from './operators/change-mark.ts';
import { examine } from './operators/doctor.ts';
import { readOverview } from './operators/overview.ts';
import { ConfigError, type Environment, parseOperatorConfig } from './process/config.ts';
import { parseConsoleConfig } from './process/console-config.ts';
import { runProcess } from './process/run-process.ts';
import { openDatabase, withTimeout } from './storage/database.ts';
import { warnAboutPlaintext } from './storage/postgres-tls.ts';
import { roleWithoutOperatorRights } from './storage/role-rights.ts';
import { connectionOptions } from './temporal/connection-options.ts';
import { createDataConverter } from './temporal/data-converter.ts';
import { checkNamespace } from './temporal/health-check.ts';

// The console process: pages for operators. It is a process of its own with the operators' role, so that the public
// server cannot see the rows of all organizations.

const POOL_SIZE = 4;
/** For how long pages share the mark, the figures of the overview, what the checks found, and a verification of the audit log, in milliseconds. */
const MARK_MS = 2_000;
const OVERVIEW_MS = 2_000;
const FINDINGS_MS = 10_000;
const VERIFICATION_MS = 10_000;

/** The console's own configuration, and what it shares with `rx`. */
const parse = (env: Environment) => ({ ...parseOperatorConfig(env), ...parseConsoleConfig(env) });

await runProcess('console', process.env, parse, async ({ config, log }) => {
  const { databaseUrl, encryptionKeys, url, temporalUiUrl } = config;
  const { documents, temporal, webhooks, kms, hashSecret } = config;
  if (documents === undefined) {
    throw new ConfigError(
      'DOCUMENTS_S3_BUCKET or DOCUMENTS_DIR is required: the console shows documents',
    );
  }
  if (hashSecret === undefined) throw new ConfigError('HASH_SECRET is required');
  const registry = new Registry();
  const keys = createKeyProvider({ encryptionKeys, kms });
  const database = openDatabase(databaseUrl, POOL_SIZE, { keys, hashSecret });
  addPoolMetrics(registry, database);
  warnAboutPlaintext(databaseUrl, log);
  const role = await roleWithoutOperatorRights(database);
  if (role !== undefined)
    throw new ConfigError(`DATABASE_URL has the role ${role}, which lacks the rights of operators`);

  const options = connectionOptions(process.env, temporal.address);
  const connection = Connection.lazy({ interceptors: [], ...options, address: temporal.address });
  const { namespace } = temporal;
  const client = new Client({
    connection,
    namespace,
    dataConverter: createDataConverter(encryptionKeys),
  });
  const destinations = foreignAccess(webhooks.destinations, foreignLookup);
  const sender = createSender(destinations);
  const app = createConsole(
    {
      database,
      temporal: client,
      documents: createSealedDocuments(await createDocumentStore(documents)),
      hashSecret,
      endpoints: createEndpointService(database, { ...destinations, sender }),
      singleSignOn: config.oidc && createSingleSignOn(config.oidc, url),
      readMark: shareResult(MARK_MS, () => withTimeout(readChangeMark(database))),
      readOverview: shareResult(OVERVIEW_MS, () => withTimeout(readOverview(database))),
      examine: shareResult(FINDINGS_MS, () =>
        examine(database, () => checkNamespace(options, namespace), documents),
      ),
      verify: shareResult(VERIFICATION_MS, () => verifyAuditLog(database)),
      workflowUrl: (workflowId) =>
        `${temporalUiUrl}/namespaces/${namespace}/workflows/${workflowId}`,
      log,
    },
    {
      ...{ url, tls: config.tls, trustedProxies: config.trustedProxies },
      onlyLocalHosts: isLocalHost(config.host) && isLocalHost(new URL(url).hostname),
      failedLogins: createFailedAttempts(config.failureLimits, log),
    },
  );
  const { metricsAddress, metricsCacheMs } = config;
  const metrics =
    metricsAddress &&
    (await serveMetrics({ address: metricsAddress, registry, cacheMs: metricsCacheMs, log }));
  await app.listen({ host: config.host, port: config.port });
  log.info('listening', { address: url });
  return {
    async stop() {
      await app.close();
      await metrics?.close();
      sender.close();
      await connection.close();
      await database.end({ timeout: 2 });
    },
  };
});
