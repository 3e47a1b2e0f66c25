import { makeTelemetryFilterString, Runtime } from '@temporalio/worker';
import { Registry } from 'prom-client';
import { startTraces } from './composition/start-traces.ts';
import { startWorker } from './composition/start-worker.ts';
import { foreignLookup } from './egress/foreign-lookup.ts';
import { createKeyProvider } from './keys/create-key-provider.ts';
import { measureKeys } from './metrics/key-metrics.ts';
import { serveMetrics } from './metrics/serve-metrics.ts';
import { parseConfig } from './process/config.ts';
import { runProcess } from './process/run-process.ts';
import { openDatabase } from './storage/database.ts';
import { warnAboutPlaintext } from './storage/postgres-tls.ts';
import { warnAboutPrivilegedRole } from './storage/role-rights.ts';
import { schemaWhenCurrent } from './storage/schema-check.ts';
import { startWhenUp } from './temporal/connect.ts';
import { connectionOptions } from './temporal/connection-options.ts';
import { createSdkLog } from './temporal/sdk-log.ts';
import { createSdkMetrics } from './temporal/sdk-metrics.ts';

// The worker process: runs the order workflow, its activities and the dispatcher that feeds them, and
// delivers webhooks.

await runProcess('worker', process.env, parseConfig, async ({ config, log, stopping }) => {
  // runProcess handles the stop signals; the SDK writes to this process's log.
  // The core of the SDK would otherwise print lines of its own format.
  const logging = {
    filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }),
    forward: {},
  };
  const endTraces = await startTraces('rx-orders-worker', config.tracing, log);
  const registry = new Registry();
  const { metricsAddress, metricsCacheMs } = config.http;
  const sdkMetrics = metricsAddress && (await createSdkMetrics());
  Runtime.install({
    logger: createSdkLog(log),
    shutdownSignals: [],
    telemetryOptions: { logging, ...(sdkMetrics && { metrics: sdkMetrics.exporter }) },
  });
  // Before Temporal is reached: a worker that waits for it is watched, too.
  const metrics =
    metricsAddress &&
    (await serveMetrics({
      ...{ address: metricsAddress, registry, cacheMs: metricsCacheMs, log },
      readMore: sdkMetrics?.read,
    }));
  const { url, poolSize } = config.database;
  const keys = measureKeys(registry, createKeyProvider(config));
  const database = openDatabase(url, poolSize, { keys, hashSecret: config.hashSecret });
  warnAboutPrivilegedRole(database, log);
  warnAboutPlaintext(url, log);
  if (!(await schemaWhenCurrent(database, log, stopping))) throw new Error('stopped while waiting');
  const leadership = openDatabase(url, 1);

  const options = connectionOptions(process.env, config.temporal.address);
  const shared = { config, database, leadership, lookup: foreignLookup, registry, log };
  const lasting = registry.getMetricsAsArray().map(({ name }) => name);
  const up = await startWhenUp(options, { log, signal: stopping }, async (connection) => {
    try {
      return await startWorker({ ...shared, connection });
    } catch (error) {
      // The next attempt adds them again.
      for (const { name } of registry.getMetricsAsArray()) {
        if (!lasting.includes(name)) registry.removeSingleMetric(name);
      }
      throw error;
    }
  });
  if (up === undefined) throw new Error('stopped while waiting for Temporal');
  const { connection, started: worker } = up;
  log.info('taking orders', { address: config.temporal.address });

  return {
    ...worker,
    async stop() {
      await worker.stop();
      await connection.close();
      await leadership.end({ timeout: 2 });
      await database.end({ timeout: 2 });
      await metrics?.close();
      await endTraces();
    },
  };
});
