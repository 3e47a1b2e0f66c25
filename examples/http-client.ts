// Places an order over HTTP, reads it until it has ended and saves its documents.
//
//   http-client.ts [--prescription <our id>] [--pharmacy <id>] [--case <id>] [--into <folder>]
//
// RX_URL and RX_API_KEY select the server and the key. The defaults are those of the sandbox
// (`npm start`). Exit code: 0 the documents are saved, 1 anything else.

import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import {
  createHttpClient,
  HttpClientError,
  IdempotencyConflictError,
  InvalidRequestError,
  type OrderView,
} from '@rx-orders/http-client';
import { prescriptionFor, SANDBOX_CASE } from './prescription.ts';

const { values } = parseArgs({
  options: {
    prescription: { type: 'string', default: 'rx-2001' },
    pharmacy: { type: 'string', default: 'pharmacy-123' },
    case: { type: 'string', default: SANDBOX_CASE },
    into: { type: 'string' },
  },
});

const client = createHttpClient({
  baseUrl: process.env.RX_URL || `http://127.0.0.1:${process.env.PORT || '3000'}`,
  apiKey: process.env.RX_API_KEY || 'YOUR_SECRET_KEY',
});

// Before the order is placed, because a folder that cannot be created must not leave an order behind.
const folder = values.into ?? (await mkdtemp(path.join(tmpdir(), 'rx-documents-')));
await mkdir(folder, { recursive: true });

try {
  const order = await end(await place());
  if (order.status === 'COMPLETED') await save(order);
  else process.exitCode = 1;
} catch (error) {
  if (!(error instanceof HttpClientError)) throw error;
  console.error(`${error.code}: ${error.message}`);
  if (error instanceof InvalidRequestError) {
    for (const { path: field, message } of error.errors) console.error(`  ${field}: ${message}`);
  }
  // An answer was lost. The same key finds the order or places it.
  if (error.outcomeUnknown) console.error('the order may be placed; run this again to find out');
  process.exitCode = 1;
}

/** Places the order or finds the one that an earlier run placed. Returns its id. */
async function place(): Promise<string> {
  // The key identifies what the order is for. The client retries with the same key.
  const idempotencyKey = `prescription-${values.prescription}`;
  try {
    const order = prescriptionFor(values.pharmacy);
    const { orderId, recovered } = await client.placeOrder(values.case, order, { idempotencyKey });
    console.log(`placed order ${orderId}${recovered ? ', though its first answer was lost' : ''}`);
    return orderId;
  } catch (error) {
    if (!(error instanceof IdempotencyConflictError) || error.existing === undefined) throw error;
    console.log(`placed earlier as order ${error.existing.orderId}`);
    return error.existing.orderId;
  }
}

/** Polls the order until it has ended or needs attention. A backend would wait for the webhook instead. */
async function end(orderId: string): Promise<OrderView> {
  for (let shown = ''; ; await sleep(250)) {
    const order = await client.getOrder(values.case, orderId);
    if (order.status !== shown) console.log(`  ${order.status}`);
    shown = order.status;
    if (/^(COMPLETED|REJECTED|CANCELLED|EXPIRED|NEEDS_ATTENTION)$/.test(shown)) return order;
  }
}

async function save(order: OrderView): Promise<void> {
  for (const { id, name, size } of await client.listDocuments(order.caseId, order.id)) {
    const { stream } = await client.downloadDocument(order.caseId, order.id, id);
    // The pharmacy chose the name. Use its last part only, so that the file stays in the folder.
    const file = path.join(folder, path.basename(name));
    await pipeline(Readable.fromWeb(stream), createWriteStream(file));
    console.log(`saved ${file}, ${size} bytes`);
  }
}
