import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { addPharmacy } from '../../src/pharmacy/registry.ts';
import type { Database } from '../../src/storage/database.ts';
import { type Answer, sendTo } from './test-api.ts';
import { signedHeaders, webhookSecret } from './webhook-signing.ts';

/** The calls of the `rest` protocol. */
export type Call = 'place' | 'find' | 'read' | 'cancel' | 'document';

/** What the pharmacy knows of an order. A test changes it as it likes. */
export interface ScriptedOrder {
  readonly reference: string;
  id: unknown;
  status: unknown;
  documents: unknown;
  [field: string]: unknown;
}

export type Respond = (
  response: ServerResponse,
  order: ScriptedOrder | undefined,
  request: IncomingMessage,
) => void;

/** A pharmacy that answers as the test says, and otherwise as the protocol says. */
export interface ScriptedPharmacy {
  readonly id: string;
  readonly url: string;
  /** Fields of every new order. */
  template: object;
  /** Whether a request to place an order creates it, whatever the answer is; true by default. */
  creates: boolean;
  /** How often each call came. */
  readonly calls: Record<Call, number>;
  /** The order with our reference, once it was placed. */
  order(reference: string): ScriptedOrder;
  /** Sets the answers to a call: one after the other, the last one for ever. None: as the protocol says. */
  script(call: Call, ...answers: Respond[]): void;
  /** Sends a webhook about an order. */
  tell(baseUrl: string, type: string, data: object): Promise<Answer>;
  close(): Promise<void>;
}

/** The bytes of the documents that it offers by default. */
export const PDF = Buffer.from('%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<<>>\n%%EOF\n');

/** A document as the pharmacy lists it. */
export function listed(id: string, bytes: Buffer = PDF, more: object = {}): object {
  return {
    id,
    name: `${id}.pdf`,
    contentType: 'application/pdf',
    size: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    url: `documents/${id}`,
    ...more,
  };
}

/** Answers with a status and a JSON body. */
export function reply(status: number, body: unknown, headers: object = {}): Respond {
  return (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };
}

/** Starts the pharmacy on loopback and registers it. */
export async function startScriptedPharmacy(
  database: Database,
  settings: { readonly completionLimitMs?: number } = {},
): Promise<ScriptedPharmacy> {
  const id = `scripted-${randomUUID()}`;
  const secret = webhookSecret();
  const orders = new Map<string, ScriptedOrder>();
  const calls: Record<Call, number> = { place: 0, find: 0, read: 0, cancel: 0, document: 0 };
  const scripts = new Map<Call, Respond[]>();

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { call, order, respond } = route(request, Buffer.concat(chunks).toString());
      calls[call] += 1;
      const script = scripts.get(call);
      const scripted = script !== undefined && script.length > 1 ? script.shift() : script?.[0];
      (scripted ?? respond)(response, order, request);
    });
  });

  function route(request: IncomingMessage, body: string) {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://pharmacy');
    const byId = (text: string) =>
      [...orders.values()].find((order) => String(order.id) === decodeURIComponent(text));
    const [, cancelled] = /^\/orders\/([^/]+)\/cancel$/.exec(pathname) ?? [];
    if (cancelled !== undefined) {
      const order = byId(cancelled);
      const respond: Respond = (response) => {
        if (order !== undefined) order.status = 'cancelled';
        reply(200, {})(response, order, request);
      };
      return { call: 'cancel' as const, order, respond };
    }
    if (pathname === '/orders' && request.method === 'POST') {
      const { reference } = JSON.parse(body) as { reference: string };
      const known = orders.get(reference);
      const order = known ?? {
        ...{ id: `ph-${reference}`, reference, status: 'accepted', documents: [listed('a')] },
        ...pharmacy.template,
      };
      if (pharmacy.creates) orders.set(reference, order);
      const respond = reply(known === undefined ? 201 : 409, order);
      return { call: 'place' as const, order, respond };
    }
    if (pathname === '/orders') {
      const order = orders.get(searchParams.get('reference') ?? '');
      return { call: 'find' as const, order, respond: found(order) };
    }
    const [, read] = /^\/orders\/([^/]+)$/.exec(pathname) ?? [];
    if (read !== undefined) {
      const order = byId(read);
      return { call: 'read' as const, order, respond: found(order) };
    }
    const respond: Respond = (response) => {
      response.writeHead(200, { 'content-type': 'application/pdf' });
      response.end(PDF);
    };
    return { call: 'document' as const, order: undefined, respond };
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const webhookAuth = { kind: 'standard-webhooks', secret } as const;
  const { completionLimitMs = null } = settings;
  await addPharmacy(
    database,
    { id, kind: 'rest', baseUrl: url, token: 'token', webhookAuth, completionLimitMs },
    false,
  );

  const pharmacy: ScriptedPharmacy = {
    id,
    url,
    template: {},
    creates: true,
    calls,
    order(reference) {
      const order = orders.get(reference);
      if (order === undefined) throw new Error(`the pharmacy has no order ${reference}`);
      return order;
    },
    script(call, ...answers) {
      if (answers.length === 0) scripts.delete(call);
      else scripts.set(call, answers);
    },
    async tell(baseUrl, type, data) {
      const body = JSON.stringify({ type, data });
      const headers = signedHeaders(secret, body);
      return await sendTo(baseUrl, 'POST', `/webhooks/pharmacies/${id}`, { headers, body });
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return pharmacy;
}

function found(order: ScriptedOrder | undefined): Respond {
  return order === undefined ? reply(404, {}) : reply(200, order);
}
