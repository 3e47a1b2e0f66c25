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

// The key names what the order is for, not this attempt: after a crash or a lost answer the same
// call with the same key finds the order, and never makes a second one.
const idempotencyKey = `prescription-${values.prescription}`;

const client = orderClientFromEnvironment();
try {
  const { orderId } = await client.place({
    caseId: values.case,
    order: prescriptionFor(values.pharmacy),
    idempotencyKey,
  });
  // From here on the order survives any crash; nothing has to be kept running for it.
  console.log(`placed order ${orderId} for ${idempotencyKey}`);
} catch (error) {
  if (error instanceof IdempotencyConflictError && error.existing !== undefined) {
    // The same order again: that is success.
    const { orderId } = error.existing;
    const status = await client.handle(orderId).status();
    console.log(`placed before as order ${orderId} for ${idempotencyKey}; it is ${status}`);
  } else if (error instanceof IdempotencyConflictError) {
    console.error(`${idempotencyKey} was used for a different order; nothing was placed`);
    process.exitCode = 1;
  } else if (error instanceof InvalidOrderError) {
    console.error('the order is not valid; nothing was placed:');
    for (const { path, message } of error.errors) console.error(`  ${path}: ${message}`);
    process.exitCode = 1;
  } else if (error instanceof CaseNotPermittedError) {
    console.error(`case ${values.case} is not ours; nothing was placed`);
    process.exitCode = 1;
  } else {
    // Postgres is away, say. Whether the order was stored is not known: run it again, same key.
    throw error;
  }
} finally {
  await client.close();
}
