// Places an order from backend code.
//
//   place-order.ts [--prescription <our id>] [--pharmacy <id>] [--case <id>]

import { parseArgs } from 'node:util';
import {
  CaseNotPermittedError,
  IdempotencyConflictError,
  InvalidOrderError,
} from '../src/client.ts';
import { orderClientFromEnvironment } from './from-environment.ts';
import { prescriptionFor, SANDBOX_CASE } from './prescription.ts';

const { values } = parseArgs({
  options: {
    prescription: { type: 'string', default: 'rx-1001' },
    pharmacy: { type: 'string', default: 'pharmacy-123' },
    case: { type: 'string', default: SANDBOX_CASE },
  },
});

// The key identifies what the order is for, not this attempt. After a crash or a lost answer the same
// call with the same key finds the order and never places a second one.
const idempotencyKey = `prescription-${values.prescription}`;

const client = orderClientFromEnvironment();
try {
  const { orderId } = await client.place({
    caseId: values.case,
    order: prescriptionFor(values.pharmacy),
    idempotencyKey,
  });
  // The order is stored and survives any crash. This program does not have to keep running.
  console.log(`placed order ${orderId} for ${idempotencyKey}`);
} catch (error) {
  if (error instanceof IdempotencyConflictError && error.existing !== undefined) {
    // An earlier call placed the same order. That is success.
    const { orderId } = error.existing;
    const status = await client.handle(orderId).status();
    console.log(`placed earlier as order ${orderId} for ${idempotencyKey}; it is ${status}`);
  } else if (error instanceof IdempotencyConflictError) {
    console.error(`${idempotencyKey} was used for a different order; nothing was placed`);
    process.exitCode = 1;
  } else if (error instanceof InvalidOrderError) {
    console.error('the order is not valid; nothing was placed:');
    for (const { path, message } of error.errors) console.error(`  ${path}: ${message}`);
    process.exitCode = 1;
  } else if (error instanceof CaseNotPermittedError) {
    console.error(`case ${values.case} belongs to another organization; nothing was placed`);
    process.exitCode = 1;
  } else {
    // For example, Postgres is unreachable. The order may be stored: run this again with the same key.
    throw error;
  }
} finally {
  await client.close();
}
