import { expect } from 'vitest';
import type { Database } from '../../src/storage/database.ts';
import { type AppOptions, startApp, type TestApp } from './app.ts';
import { createTestDatabase } from './database.ts';
import { examplePlaceOrder } from './example.ts';
import { createOrganization, type TestOrganization } from './organization.ts';

/** An HTTP response, read to its end. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The parsed body; undefined when it is not JSON. */
  readonly json: ReturnType<typeof JSON.parse>;
}

/** The HTTP API on a database and an organization of its own. */
export interface TestApi {
  readonly app: TestApp;
  /** Connected as the owner of the tables: for setup and assertions. */
  readonly database: Database;
  /** Connected as the superuser, who also sees and ends the sessions of other roles. */
  readonly asSuperuser: Database;
  /** Connected as the server's role, with the rights that the app has. */
  readonly asServer: Database;
  readonly databaseUrl: string;
  readonly organization: TestOrganization;
  /** Sends a request to a path of the app. A body that is neither text nor bytes is sent as JSON. */
  send(method: string, path: string, request?: Request): Promise<Answer>;
  /** Places an order with the organization's key for its case; `headers` are added or override. */
  place(body: unknown, request?: Request & { caseId?: string }): Promise<Answer>;
  /** Reads a path with the organization's key. */
  get(path: string, headers?: HeaderFields): Promise<Answer>;
  /** Counts the rows of a table. */
  count(table: 'orders' | 'outbox' | 'inbox' | 'order_activity' | 'shipments'): Promise<number>;
  close(): Promise<void>;
}

type HeaderFields = Readonly<Record<string, string>>;
interface Request {
  readonly headers?: HeaderFields;
  readonly body?: unknown;
}

/** Starts the HTTP API on a new database with one organization. */
export async function startTestApi(options: AppOptions = {}): Promise<TestApi> {
  const { database, asSuperuser, asServer, url: databaseUrl, drop } = await createTestDatabase();
  const organization = await createOrganization(database);
  const app = await startApp(asServer, options);
  const key = { 'cv-api-key': organization.apiKey };

  const send: TestApi['send'] = (method, path, request) => sendTo(app.url, method, path, request);
  return {
    app,
    database,
    asSuperuser,
    asServer,
    databaseUrl,
    organization,
    send,
    place: (body, { caseId = organization.caseId, headers } = {}) =>
      send('POST', `/api/v1/cases/${caseId}`, {
        headers: { ...key, 'content-type': 'application/json', ...headers },
        body,
      }),
    get: (path, headers) => send('GET', path, { headers: { ...key, ...headers } }),
    async count(table) {
      const [row] = await database<{ count: number }[]>`
        SELECT count(*)::int AS count FROM ${database(table)}`;
      return row!.count;
    },
    async close() {
      await app.close();
      await drop();
    },
  };
}

/**
 * Sends one request and checks what the contract says of every response: an error is JSON in the
 * envelope, and it shows nothing internal.
 */
export async function sendTo(
  baseUrl: string,
  method: string,
  path: string,
  { headers = {}, body }: Request = {},
): Promise<Answer> {
  const response = await fetch(baseUrl + path, {
    method,
    headers,
    ...(body === undefined
      ? {}
      : {
          body:
            typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
        }),
  });
  const text = await response.text();
  const { status } = response;
  const isJson = response.headers.get('content-type') === 'application/json; charset=utf-8';
  const json = isJson && text !== '' ? JSON.parse(text) : undefined;
  if (!response.ok) {
    expect(isJson).toBe(true);
    if (method !== 'HEAD') expect(json).toMatchObject({ status, success: false });
    expect(text).not.toMatch(/\n? {4}at |node_modules|\.ts:|<html|SELECT|INSERT/i);
  }
  return { status, headers: response.headers, text, json };
}

/** The published example with an idempotency key of the test's choice. */
export function exampleWithKey(idempotencyKey: string): ReturnType<typeof examplePlaceOrder> {
  return { ...examplePlaceOrder(), idempotencyKey };
}

/** The published example without an idempotency key. */
export function exampleWithoutKey(): ReturnType<typeof examplePlaceOrder> {
  const { idempotencyKey: _, ...rest } = examplePlaceOrder();
  return rest;
}
