// Places an order over HTTP, reads it until it has ended and saves its documents.
//
//   http-client.ts [--prescription <our id>] [--pharmacy <id>] [--case <id>] [--into <folder>]
//
// RX_URL and RX_API_KEY say where; without them, the sandbox of `npm start`. In a project of its own
// the import below is `rx-orders/http`. Exit code: 0 the documents are saved, 1 anything else.

import { createWriteStream } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
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
} from '../packages/http-client/src/index.ts';
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
  // Where the answers were lost: the same key again finds the order, or places it.
  if (error.outcomeUnknown) console.error('the order may be placed: run this again');
  process.exitCode = 1;
}

/** Places the order, or finds the one that an earlier run placed; gives its id. */
async function place(): Promise<string> {
  // Names what the order is for. Inside the call the client repeats what is lost by itself.
  const idempotencyKey = `prescription-${values.prescription}`;
  try {
    const order = prescriptionFor(values.pharmacy);
    const { orderId, recovered } = await client.placeOrder(values.case, order, { idempotencyKey });
    console.log(`placed order ${orderId}${recovered ? ', though its first answer was lost' : ''}`);
    return orderId;
  } catch (error) {
    if (!(error instanceof IdempotencyConflictError) || error.existing === undefined) throw error;
    console.log(`placed before as order ${error.existing.orderId}`);
    return error.existing.orderId;
  }
}

/** Reads the order until it has come to rest. A backend would wait for the webhook instead. */
async function end(orderId: string): Promise<OrderView> {
  for (let shown = ''; ; await sleep(250)) {
    const order = await client.getOrder(values.case, orderId);
    if (order.status !== shown) console.log(`  ${order.status}`);
    shown = order.status;
    if (/^(COMPLETED|REJECTED|CANCELLED|EXPIRED|NEEDS_ATTENTION)$/.test(shown)) return order;
  }
}

async function save(order: OrderView): Promise<void> {
  const folder = values.into ?? (await mkdtemp(path.join(tmpdir(), 'rx-documents-')));
  for (const { id, name, size } of await client.listDocuments(order.caseId, order.id)) {
    const { stream } = await client.downloadDocument(order.caseId, order.id, id);
    // The name is the pharmacy's: only its last part, so that it stays in the folder.
    const file = path.join(folder, path.basename(name));
    await pipeline(Readable.fromWeb(stream), createWriteStream(file));
    console.log(`saved ${file}, ${size} bytes`);
  }
}
