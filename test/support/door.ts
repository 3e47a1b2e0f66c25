import { expect } from 'vitest';
import type { Destinations } from '../../src/notifications/endpoints/check-destination.ts';
import type { Config } from '../../src/process/config.ts';
import type { Database } from '../../src/storage/database.ts';
import { type Reach, startApp, type TestApp } from './app.ts';
import { createTestDatabase } from './database.ts';
import { examplePlaceOrder } from './example.ts';
import { createOrganization, type TestOrganization } from './organization.ts';

/** An answer as it came over the wire. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON; undefined when it is none. */
  readonly json: ReturnType<typeof JSON.parse>;
}

/** The HTTP interface over a database and an organization of the test's own. */
export interface Door {
  readonly app: TestApp;
  /** As its owner, who sees and may do everything: for what a test prepares and looks up. */
  readonly database: Database;
  /** As the app sees it. */
  readonly asServer: Database;
  readonly databaseUrl: string;
  readonly organization: TestOrganization;
  /** Sends a request to a path of the app; a body that is no text goes as JSON. */
  send(method: string, path: string, request?: Request): Promise<Answer>;
  /** Places an order with the organization's key on its case; `headers` add to or change that. */
  place(body: unknown, request?: Request & { caseId?: string }): Promise<Answer>;
  /** Reads a path with the organization's key. */
  get(path: string, headers?: HeaderFields): Promise<Answer>;
  /** Rows of a table. */
  count(table: 'orders' | 'outbox' | 'inbox' | 'order_activity' | 'shipments'): Promise<number>;
  close(): Promise<void>;
}

type HeaderFields = Readonly<Record<string, string>>;
interface Request {
  readonly headers?: HeaderFields;
  readonly body?: unknown;
}

/**
 * @param options.checkTemporal what `/readyz` asks.
 * @param options.limits what to change of the app's limits.
 * @param options.reach how the app is reached.
 * @param options.destinations where webhooks may go; this machine alone when nothing is said.
 */
export async function openDoor(
  options: {
    checkTemporal?: () => Promise<void>;
    limits?: Partial<Config['limits']>;
    destinations?: Destinations;
    reach?: Reach;
  } = {},
): Promise<Door> {
  const { database, asServer, url: databaseUrl, drop } = await createTestDatabase();
  const organization = await createOrganization(database);
  const { checkTemporal, limits, destinations, reach } = options;
  const app = await startApp(asServer, checkTemporal, limits, destinations, reach);
  const key = { 'cv-api-key': organization.apiKey };

  const send: Door['send'] = (method, path, request) => sendTo(app.url, method, path, request);
  return {
    app,
    database,
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
 * Sends one request, and holds its answer against what the contract says of every answer: an error
 * comes in the envelope, as JSON, and nothing internal is in it.
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

/** The published example under a key of the test's own. */
export function exampleWithKey(idempotencyKey: string): ReturnType<typeof examplePlaceOrder> {
  return { ...examplePlaceOrder(), idempotencyKey };
}

/** The published example without a key. */
export function exampleWithoutKey(): ReturnType<typeof examplePlaceOrder> {
  const { idempotencyKey: _, ...rest } = examplePlaceOrder();
  return rest;
}
