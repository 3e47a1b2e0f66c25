// Places an order and reads it until it has ended:
//
//   node place-order.mjs [<prescription id>]
//
// RX_URL, RX_API_KEY and RX_CASE_ID select the server, the key and the case. The defaults are those of
// the sandbox (`npm start`). Exit code: 0 the order is completed, 1 anything else.

import { setTimeout as sleep } from 'node:timers/promises';
import {
  createHttpClient,
  HttpClientError,
  IdempotencyConflictError,
} from '@rx-orders/http-client';

const { RX_URL, RX_API_KEY, RX_CASE_ID } = process.env;
const caseId = RX_CASE_ID || '123e4567-e89b-12d3-a456-426614174000';
const client = createHttpClient({
  baseUrl: RX_URL || 'http://127.0.0.1:3000',
  apiKey: RX_API_KEY || 'YOUR_SECRET_KEY',
});

/** All of it is invented. */
const order = {
  prescriber: {
    firstName: 'Alex',
    lastName: 'Sample',
    npi: '1234567890',
    email: 'alex.sample@example.com',
    phoneNumber: '+14155550100',
    address: {
      addressLine1: '456 Medical Center Dr',
      city: 'San Francisco',
      state: 'CA',
      country: 'US',
      postalCode: '94102',
    },
  },
  diagnosis: 'Hypertension',
  pharmacyId: 'pharmacy-123',
  prescriptionItems: [{ drugId: 'drug-456', quantity: '30', supplyDays: 30 }],
};

/** The same prescription id finds the same order again, so it is safe to run this twice. */
async function place(prescriptionId) {
  try {
    const options = { idempotencyKey: `prescription-${prescriptionId}` };
    const { orderId } = await client.placeOrder(caseId, order, options);
    console.log(`placed order ${orderId}`);
    return orderId;
  } catch (error) {
    if (!(error instanceof IdempotencyConflictError) || !error.existing) throw error;
    console.log(`placed earlier as order ${error.existing.orderId}`);
    return error.existing.orderId;
  }
}

try {
  const orderId = await place(process.argv[2] || 'rx-3001');
  let { status } = await client.getOrder(caseId, orderId);
  // A backend would wait for the webhook instead of polling.
  while (!/^(COMPLETED|REJECTED|CANCELLED|EXPIRED|NEEDS_ATTENTION)$/.test(status)) {
    await sleep(250);
    ({ status } = await client.getOrder(caseId, orderId));
  }
  console.log(`the order is ${status}`);
  process.exitCode = status === 'COMPLETED' ? 0 : 1;
} catch (error) {
  if (!(error instanceof HttpClientError)) throw error;
  console.error(`${error.code}: ${error.message}`);
  if (error.outcomeUnknown) console.error('the order may be placed; run this again to find out');
  process.exitCode = 1;
}
