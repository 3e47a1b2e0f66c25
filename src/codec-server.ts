import { createCodecServer } from './http/codec-server/app.ts';
import { createFailedAttempts } from './http/edge/failed-attempts.ts';
import { isLocalHost } from './lib/local-host.ts';
import { parseCodecServerConfig } from './process/codec-server-config.ts';
import { runProcess } from './process/run-process.ts';
import { createPayloadCodec } from './temporal/payload-codec.ts';

// The codec server process: decrypts Temporal's payloads for operators. It is a process of its own, so
// that neither server nor worker exposes them. It needs no database.

await runProcess('codec', process.env, parseCodecServerConfig, async ({ config, log }) => {
  const { host, port, tls, trustedProxies, failureLimits, encryptionKeys } = config;
  const { token, uiUrl, login } = config;
  const app = createCodecServer({
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
  await app.listen({ host, port });
  log.info('listening', { address: `${tls ? 'https' : 'http'}://${host}:${port}` });
  return { stop: () => app.close() };
});
