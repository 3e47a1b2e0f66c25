import { Registry } from 'prom-client';
import { createCodecServer } from './http/codec-server/app.ts';
import { createCodecMetrics } from './http/codec-server/codec-metrics.ts';
import { createFailedAttempts } from './http/edge/failed-attempts.ts';
import { isLocalHost } from './lib/local-host.ts';
import { serveMetrics } from './metrics/serve-metrics.ts';
import { parseCodecServerConfig } from './process/codec-server-config.ts';
import { runProcess } from './process/run-process.ts';
import { createPayloadCodec } from './temporal/payload-codec.ts';

// The codec server process: decrypts Temporal's payloads for operators. It is a process of its own, so
// that neither server nor worker exposes them. It needs no database.

await runProcess('codec', process.env, parseCodecServerConfig, async ({ config, log }) => {
  const { host, port, tls, trustedProxies, failureLimits, encryptionKeys } = config;
  const { token, uiUrl, login } = config;
  const registry = new Registry();
  const app = createCodecServer({
    onAnswer: createCodecMetrics(registry),
    codec: createPayloadCodec(encryptionKeys),
    token,
    uiOrigin: new URL(uiUrl).origin,
    login,
    failedAttempts: createFailedAttempts(failureLimits, log),
    tls,
    trustedProxies,
    onlyLocalHosts:
      isLocalHost(host) && isLocalHost(new URL(uiUrl).hostname) && !trustedProxies.length,
    log,
  });
  const { metricsAddress, metricsCacheMs } = config;
  const metrics =
    metricsAddress &&
    (await serveMetrics({ address: metricsAddress, registry, cacheMs: metricsCacheMs, log }));
  await app.listen({ host, port });
  log.info('listening', { address: `${tls ? 'https' : 'http'}://${host}:${port}` });
  return {
    async stop() {
      await app.close();
      await metrics?.close();
    },
  };
});
