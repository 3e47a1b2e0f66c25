import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Sql } from 'postgres';
import { Webhook } from 'standardwebhooks';
import type { ContenderSettings } from './settings.ts';

// The four steps of an order as a tutorial would write them. Each records its own status.

interface Row {
  readonly body: { readonly pharmacyId: string; readonly prescriptionItems: readonly object[] };
  readonly pharmacyOrderId: string | null;
}

interface PharmacyOrder {
  readonly id: string;
  readonly documents: readonly { id: string; name: string; url: string; sha256: string }[];
}

export type TextbookSteps = ReturnType<typeof createSteps>;

export async function createTables(sql: Sql): Promise<void> {
  await sql`
    CREATE TABLE IF NOT EXISTS orders (
      id uuid PRIMARY KEY, case_id text NOT NULL, idempotency_key text UNIQUE, status text NOT NULL,
      body json NOT NULL, pharmacy_order_id text, created_at timestamptz NOT NULL DEFAULT now(),
      completed_at timestamptz)`;
  await sql`
    CREATE TABLE IF NOT EXISTS documents (
      id text PRIMARY KEY, order_id uuid NOT NULL REFERENCES orders, name text NOT NULL,
      sha256 text NOT NULL, file text NOT NULL)`;
}

export function createSteps(sql: Sql, settings: ContenderSettings) {
  const { pharmacy, receiverUrl } = settings;
  const pharmacyHeaders = {
    authorization: `Bearer ${pharmacy.token}`,
    'content-type': 'application/json',
  };

  async function readOrder(orderId: string): Promise<Row> {
    const [row] = await sql<Row[]>`
      SELECT body, pharmacy_order_id AS "pharmacyOrderId" FROM orders WHERE id = ${orderId}`;
    if (row === undefined) throw new Error('there is no such order');
    return row;
  }

  async function call(url: string, init: RequestInit = {}): Promise<Response> {
    const answer = await fetch(url, { headers: pharmacyHeaders, ...init });
    if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
    return answer;
  }

  return {
    async validateOrder(orderId: string): Promise<void> {
      const { body } = await readOrder(orderId);
      if (body.prescriptionItems.length === 0) throw new Error('no items');
      await sql`UPDATE orders SET status = 'PLACING' WHERE id = ${orderId}`;
    },

    async placeOrder(orderId: string): Promise<void> {
      const { body } = await readOrder(orderId);
      const { pharmacyId: _, ...prescription } = body;
      const patient = { firstName: 'Jane', lastName: 'Sample', dateOfBirth: '1980-04-01' };
      const answer = await call(`${pharmacy.baseUrl}/orders`, {
        method: 'POST',
        headers: { ...pharmacyHeaders, 'idempotency-key': orderId },
        body: JSON.stringify({ reference: orderId, prescription, patient }),
      });
      const { id } = (await answer.json()) as PharmacyOrder;
      await sql`
        UPDATE orders SET status = 'AWAITING_COMPLETION', pharmacy_order_id = ${id}
        WHERE id = ${orderId}`;
    },

    async fetchDocuments(orderId: string): Promise<void> {
      await sql`UPDATE orders SET status = 'FETCHING_DOCUMENTS' WHERE id = ${orderId}`;
      const { pharmacyOrderId } = await readOrder(orderId);
      const answer = await call(`${pharmacy.baseUrl}/orders/${pharmacyOrderId}`);
      const { documents } = (await answer.json()) as PharmacyOrder;
      const folder = path.join(settings.folder, orderId);
      await mkdir(folder, { recursive: true });
      for (const document of documents) {
        const bytes = Buffer.from(await (await call(document.url)).arrayBuffer());
        const sha256 = createHash('sha256').update(bytes).digest('hex');
        if (sha256 !== document.sha256) throw new Error('the document does not match');
        const file = path.join(folder, document.name);
        await writeFile(file, bytes);
        await sql`
          INSERT INTO documents VALUES (${document.id}, ${orderId}, ${document.name}, ${sha256}, ${file})
          ON CONFLICT DO NOTHING`;
      }
      await sql`
        UPDATE orders SET status = 'COMPLETED', completed_at = clock_timestamp()
        WHERE id = ${orderId}`;
    },

    async notify(orderId: string): Promise<void> {
      const order = { id: orderId, status: 'COMPLETED' };
      const body = JSON.stringify({ event: 'ORDER_STATUS_CHANGED', order });
      const now = new Date();
      await call(receiverUrl, {
        method: 'POST',
        body,
        headers: {
          'webhook-id': orderId,
          'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
          'webhook-signature': new Webhook(pharmacy.webhookSecret).sign(orderId, now, body),
        },
      });
    },
  };
}
