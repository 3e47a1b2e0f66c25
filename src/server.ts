import { Registry } from 'prom-client';
import { createServer } from './composition/create-server.ts';
import { startTraces } from './composition/start-traces.ts';
import { foreignLookup } from './egress/foreign-lookup.ts';
import { createKeyProvider } from './keys/create-key-provider.ts';
import { isLocalHost } from './lib/local-host.ts';
import { measureKeys } from './metrics/key-metrics.ts';
import { parseConfig } from './process/config.ts';
import { runProcess } from './process/run-process.ts';
import { openDatabase } from './storage/database.ts';
import { warnAboutPlaintext } from './storage/postgres-tls.ts';
import { refuseSandboxKeys } from './storage/refuse-sandbox-keys.ts';
import { warnAboutPrivilegedRole } from './storage/role-rights.ts';
import { schemaWhenCurrent } from './storage/schema-check.ts';
import { connectionOptions } from './temporal/connection-options.ts';
import { createTemporalCheck } from './temporal/health-check.ts';

// The server process: takes orders and the webhooks of pharmacies over HTTP, and stores them in
// Postgres.

await runProcess('server', process.env, parseConfig, async ({ config, log, stopping }) => {
  const { url, poolSize } = config.database;
  const endTraces = await startTraces('rx-orders-server', config.tracing, log);
  const registry = new Registry();
  const keys = measureKeys(registry, createKeyProvider(config));
  const database = openDatabase(url, poolSize, { keys, hashSecret: config.hashSecret });
  // Only a sandbox sends webhooks to loopback addresses, so a server that does not is in production.
  if (config.webhooks.destinations === 'public') await refuseSandboxKeys(database);
  warnAboutPrivilegedRole(database, log);
  warnAboutPlaintext(url, log);
  const temporal = createTemporalCheck(connectionOptions(process.env, config.temporal.address));

  const checkTemporal = () => temporal.check();
  const server = await createServer({
    config,
    onlyLocalHosts: config.webhooks.destinations === 'loopback' && isLocalHost(config.http.host),
    database,
    registry,
    checkTemporal,
    lookup: foreignLookup,
    log,
  });
  await server.listen();
  const { host, port, tls } = config.http;
  log.info('listening', { address: `${tls ? 'https' : 'http'}://${host}:${port}` });

  return {
    // The server listens before its schema is current, and answers /readyz with 503 until then.
    broken: schemaWhenCurrent(database, log, stopping).then(() => new Promise<never>(() => {})),
    async stop() {
      await server.close();
      await temporal.close();
      await database.end({ timeout: 2 });
      await endTraces();
    },
  };
});
