import fastify, { type FastifyInstance } from 'fastify';
import { problem, send } from './answer.ts';
import { addControlRoutes } from './control-routes.ts';
import type { Courier } from './courier.ts';
import type { Credentials } from './credentials.ts';
import type { Documents } from './documents.ts';
import type { Faults } from './faults.ts';
import type { FileServer } from './file-server.ts';
import type { Ledger } from './ledger.ts';
import type { Log } from './log.ts';
import type { OrderBook } from './order-book.ts';
import { addPharmacyRoutes } from './pharmacy-routes.ts';

/**
 * Makes the simulator's HTTP server: each pharmacy at `/pharmacies/<id>`, the control API at `/control`.
 * The server does not listen yet.
 */
export async function createServer(options: {
  ledger: Ledger;
  orderBook: OrderBook;
  courier: Courier;
  documents: Documents;
  files: FileServer;
  faults: Faults;
  credentials: ReadonlyMap<string, Credentials>;
  controlToken: string | undefined;
  log: Log;
}): Promise<FastifyInstance> {
  const { credentials, log } = options;
  const app = fastify({ forceCloseConnections: true });

  // A request with a JSON content type and no body is valid.
  const parseJson = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined);
    else void parseJson(request, String(body), done);
  });

  app.setNotFoundHandler((_request, reply) =>
    send(reply, problem(404, 'NOT_FOUND', 'There is nothing here.')),
  );
  app.setErrorHandler((error: Error & { statusCode?: number; code?: string }, _request, reply) => {
    const status = error.statusCode ?? 500;
    // A parser's error message can quote the body, so neither the log nor the answer has it.
    const code = error.code ?? error.name;
    if (status >= 500) log.error('call failed', { code });
    return send(reply, problem(status, code, 'The call could not be understood or carried out.'));
  });

  app.get('/healthz', async () => ({ status: 'ok' }));
  await app.register(async (scope) => addControlRoutes(scope, options), { prefix: '/control' });
  for (const [pharmacyId, { token }] of credentials) {
    await app.register(
      async (scope) => addPharmacyRoutes(scope, { ...options, pharmacyId, token }),
      { prefix: `/pharmacies/${pharmacyId}` },
    );
  }
  return app;
}
