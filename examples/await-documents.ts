// Waits until an order has ended and shows its documents.
//
//   await-documents.ts [<order id>] [--pharmacy <id>] [--timeout <seconds>]
//
// Without an order id it places an order first. Exit code: 0 the order is completed, 1 it ended without
// documents, 2 it has not ended yet.

import { parseArgs } from 'node:util';
import { OrderTimeoutError, type OrderView } from '../src/client.ts';
import { orderClientFromEnvironment } from './from-environment.ts';
import { prescriptionFor, SANDBOX_CASE } from './prescription.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    pharmacy: { type: 'string', default: 'pharmacy-123' },
    timeout: { type: 'string', default: '60' },
  },
});

const client = orderClientFromEnvironment();
try {
  const [orderId] = positionals;
  const handle =
    orderId === undefined
      ? await client.place({ caseId: SANDBOX_CASE, order: prescriptionFor(values.pharmacy) })
      : client.handle(orderId);
  console.log(`waiting for order ${handle.orderId}`);

  // One call that waits. A loop around `status()` would poll and have no time limit.
  show(await handle.result({ timeoutMs: Number(values.timeout) * 1000 }));

  const { uiUrl } = await handle.describe();
  if (uiUrl !== undefined) console.log(`in the Temporal UI: ${uiUrl}`);
} catch (error) {
  if (!(error instanceof OrderTimeoutError)) throw error;
  // Not a failure: the order continues without this program. A real pharmacy may need days, so a backend
  // stores the order id and reads the order when the webhook arrives.
  console.log(
    error.status === 'NEEDS_ATTENTION'
      ? 'the order waits for an operator; waiting longer will not help'
      : `the order is ${error.status}; read it again later by its id`,
  );
  process.exitCode = 2;
} finally {
  await client.close();
}

function show(order: OrderView): void {
  if (order.status !== 'COMPLETED') {
    // REJECTED, CANCELLED and EXPIRED are regular ends, so `result()` returns them.
    console.log(`the order ended ${order.status}: ${order.reason ?? order.reasonCode ?? ''}`);
    process.exitCode = 1;
    return;
  }
  console.log(`the order is COMPLETED; ${order.documents.length} documents:`);
  for (const { id, name, contentType, size, sha256 } of order.documents) {
    console.log(`  ${name}  ${contentType}  ${size} bytes  sha256 ${sha256}`);
    console.log(`    /api/v1/cases/${order.caseId}/orders/${order.id}/documents/${id}`);
  }
}
