import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { inject } from 'vitest';
import { addPharmacy } from '../../src/pharmacy/registry.ts';
import type { Database } from '../../src/storage/database.ts';

/** A pharmacy simulator for one test, as its own process. */
export interface TestSimulator {
  readonly url: string;
  /** Registers its pharmacies in a database. */
  register(database: Database): Promise<void>;
  /** Calls its control API, e.g. `control('POST', 'orders/…/advance', { to: 'completed' })`. */
  control<T>(method: 'GET' | 'POST', path: string, body?: object): Promise<T>;
  /** Returns how often the pharmacy received a request to place an order, one entry per order. */
  ledgerOf(reference: string): Promise<LedgerEntry[]>;
  /** Returns the body that placed an order, from the ledger's file; the control API does not return it. */
  bodyOf<T>(reference: string): Promise<T>;
  stop(): Promise<void>;
}

/** An order in the ledger. */
interface LedgerEntry {
  readonly id: string;
  readonly status: string;
  readonly asked: number;
  readonly trackingId?: string;
}

/** @param webhookUrl the base URL of its webhooks, `<base>/<pharmacyId>`. */
export async function startSimulator(webhookUrl: string): Promise<TestSimulator> {
  const dataDir = await mkdtemp(path.join(os.tmpdir(), 'rx-simulator-'));
  const child = spawn(process.execPath, [path.join(inject('compiled'), 'simulator/main.js')], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: {
      ...process.env,
      SIMULATOR_PORT: '0',
      SIMULATOR_DATA_DIR: dataDir,
      SIMULATOR_WEBHOOK_URL: webhookUrl,
    },
  });
  const lines = createInterface({ input: child.stderr! });
  const [line] = (await once(lines, 'line')) as [string];
  const { address: url } = JSON.parse(line) as { address: string };

  async function control<T>(method: 'GET' | 'POST', route: string, body?: object): Promise<T> {
    const response = await fetch(`${url}/control/${route}`, {
      method,
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    if (!response.ok) throw new Error(`${route}: ${response.status}`);
    return (await response.json()) as T;
  }

  return {
    url,
    control,
    async register(database) {
      const { pharmacies } = await control<{
        pharmacies: { id: string; baseUrl: string; token: string; webhookSecret: string }[];
      }>('GET', 'pharmacies');
      for (const { id, baseUrl, token, webhookSecret } of pharmacies) {
        const webhookAuth = { kind: 'standard-webhooks', secret: webhookSecret } as const;
        const settings = { id, kind: 'rest', baseUrl, token, webhookAuth, completionLimitMs: null };
        await addPharmacy(database, settings, false);
      }
    },
    async ledgerOf(reference) {
      const { orders } = await control<{ orders: (LedgerEntry & { reference: string })[] }>(
        'GET',
        'ledger',
      );
      return orders.filter((order) => order.reference === reference);
    },
    async bodyOf<T>(reference: string) {
      await control('GET', 'ledger');
      const lines = (await readFile(path.join(dataDir, 'ledger.ndjson'), 'utf8'))
        .trim()
        .split('\n');
      const order = lines
        .map((line) => (JSON.parse(line) as { order?: { reference: string; body: T } }).order)
        .find((each) => each?.reference === reference);
      if (order === undefined) throw new Error(`the ledger has no order ${reference}`);
      return order.body;
    },
    async stop() {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
