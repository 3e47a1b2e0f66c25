import type { Bug } from './bug.ts';

/** Bugs in the walls of the HTTP edge. */
export const HTTP_BUGS: readonly Bug[] = [
  {
    name: 'parses a body of any number of values',
    file: 'src/http/request-body.ts',
    original: 'if (parts > MOST_JSON_PARTS) {',
    replacement: 'if (parts < 0) {',
    tests: ['test/http/broken-bodies.test.ts'],
  },
  {
    name: 'serves an expensive request although an earlier one is not paid for',
    file: 'src/organizations/rate-limit.ts',
    original: 'if (missing > 0) throw',
    replacement: 'if (missing < 0) throw',
    tests: ['test/unit/organizations/rate-limit.test.ts'],
  },
  {
    name: 'asks Postgres and Temporal for each request of /readyz',
    file: 'src/lib/share-result.ts',
    original: 'isRunning || now() - latest.startedAt < forMs',
    replacement: 'isRunning && now() - latest.startedAt < forMs',
    tests: ['test/http/metrics.test.ts', 'test/unit/lib/share-result.test.ts'],
  },
  {
    name: 'refuses valid keys behind the address of a guesser',
    file: 'src/http/authentication.ts',
    original: '(key === undefined || !(await knownKeys.has(key)))',
    replacement: 'key !== ""',
    tests: ['test/http/edge/failed-attempts.test.ts', 'test/unit/http/authentication.test.ts'],
  },
  {
    name: 'checks every guess of a pharmacy’s token',
    file: 'src/http/routes/pharmacy-webhook.ts',
    original: 'if (pharmacy?.hasRandomSecret !== true) webhookAttempts',
    replacement: 'if (pharmacy?.hasRandomSecret === null) webhookAttempts',
    tests: ['test/http/edge/failed-attempts.test.ts'],
  },
  {
    name: 'keeps the connection of a client that does not read',
    file: 'src/http/edge/slow-readers.ts',
    original: 'app.server.setTimeout(idleMs);',
    replacement: 'app.server.setTimeout(0);',
    tests: ['test/http/documents/read-documents.test.ts'],
  },
  {
    name: 'sends a response for as long as a byte moves now and then',
    file: 'src/http/edge/slow-readers.ts',
    original: 'reply.raw.destroy();',
    replacement: '',
    tests: ['test/unit/http/edge/slow-readers.test.ts'],
  },
  {
    name: 'serves the sandbox under any host',
    file: 'src/http/edge/local-hosts.ts',
    original: 'if (host === undefined || isLocalHost(host)',
    replacement: 'if (host !== undefined || isLocalHost(host)',
    tests: ['test/http/codec-server/codec-server.test.ts', 'test/http/routing.test.ts'],
  },
  {
    name: 'sends the codec server’s cookie over plain HTTP behind a TLS proxy',
    file: 'src/http/codec-server/app.ts',
    original: 'keepForwardedAddresses(app.server, { keepScheme: true });',
    replacement: 'keepForwardedAddresses(app.server);',
    tests: ['test/http/codec-server/codec-server.test.ts'],
  },
  {
    name: 'decrypts the sandbox’s payloads for any website that is open in the browser',
    file: 'src/http/codec-server/app.ts',
    original: 'if (!isUi(headers.origin)) return false;',
    replacement: '',
    tests: ['test/http/codec-server/codec-server.test.ts'],
  },
];
