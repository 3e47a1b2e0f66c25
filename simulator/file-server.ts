import { createHmac, randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import fastify from 'fastify';
import { type Answer, problem, send } from './answer.ts';
import type { Documents } from './documents.ts';
import type { Ledger } from './ledger.ts';

/** The server of the documents that a pharmacy keeps elsewhere, as in object storage. */
export interface FileServer {
  /** A signed link to a document, valid for a minute, and until the simulator ends. */
  linkTo(orderId: string, documentId: string): string;
  /** Listens on a free port of this machine. */
  listen(): Promise<void>;
  close(): Promise<void>;
}

const HOST = '127.0.0.1';
const VALID_MS = 60_000;

// Object storage refuses a signed link that comes with credentials, too.
const CREDENTIALS = problem(400, 'CREDENTIALS', 'A signed link takes no other credentials.');
const FORBIDDEN = problem(403, 'FORBIDDEN', 'The signature is wrong, or the link has expired.');

/** Makes the file server. It does not listen yet. */
export function createFileServer(ledger: Ledger, documents: Documents): FileServer {
  const key = randomBytes(32);
  const app = fastify({ forceCloseConnections: true });

  app.get('/:orderId/:documentId', async (request, reply) => {
    const { orderId, documentId } = request.params as Record<'orderId' | 'documentId', string>;
    const { expires = '', signature } = request.query as Partial<Record<string, string>>;
    const isSigned = signature === sign(orderId, documentId, expires);
    const isValid = isSigned && Number(expires) > Date.now();
    if (request.headers.authorization !== undefined) return send(reply, CREDENTIALS);
    return send(reply, isValid ? await download(orderId, documentId) : FORBIDDEN);
  });

  async function download(orderId: string, documentId: string): Promise<Answer> {
    const order = ledger.order(orderId);
    if (order === undefined) return FORBIDDEN;
    return await documents.download(order, documentId, ledger.behaviour(order.pharmacyId));
  }

  function sign(...signed: string[]): string {
    return createHmac('sha256', key).update(signed.join(' ')).digest('base64url');
  }

  return {
    linkTo(orderId, documentId) {
      const { port } = app.server.address() as AddressInfo;
      const expires = String(Date.now() + VALID_MS);
      const query = `expires=${expires}&signature=${sign(orderId, documentId, expires)}`;
      return `http://${HOST}:${port}/${orderId}/${documentId}?${query}`;
    },
    async listen() {
      await app.listen({ port: 0, host: HOST });
    },
    close: () => app.close(),
  };
}
