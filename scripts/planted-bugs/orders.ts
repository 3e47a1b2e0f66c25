import type { Bug } from './bug.ts';

/** Bugs between the client's request and the workflow. */
export const ORDER_BUGS: readonly Bug[] = [
  {
    name: 'answers 200 before it stores the order',
    file: 'src/orders/accept-order.ts',
    original: 'const outcome = await store(prepared);',
    replacement: `store(prepared).catch(() => undefined);
  const outcome = { lawful: true, permitted: true, addressed: true, accepted: true };`,
    tests: ['test/http/orders/idempotency.test.ts'],
  },
  {
    name: 'fails all orders of a transaction because of one',
    file: 'src/orders/group-commit.ts',
    original: 'if (batch.length > 1 && wasRefused(error)) {',
    replacement: 'if (batch.length > 1_000 && wasRefused(error)) {',
    tests: ['test/unit/orders/group-commit.test.ts'],
  },
  {
    name: 'repeats every order of a transaction while the disk is full',
    file: 'src/orders/group-commit.ts',
    original: '!/^5[37]/.test(String(error.code))',
    replacement: "String(error.code) !== ''",
    tests: ['test/unit/orders/group-commit.test.ts'],
  },
  {
    name: 'keeps a key that was revoked while it was read',
    file: 'src/storage/notified-cache.ts',
    original: 'if (row === undefined || seen !== changes) return row;',
    replacement: 'if (row === undefined || seen > changes) return row;',
    tests: ['test/unit/storage/notified-cache.test.ts'],
  },
  {
    name: 'gives up a statement without waiting for its outcome',
    file: 'src/storage/database.ts',
    original: 'if (!late) throw error;',
    replacement: 'throw error;',
    tests: ['test/unit/storage/database.test.ts'],
  },
  {
    name: 'ignores the case when it compares a repeated request',
    file: 'src/orders/accept-order.ts',
    original: 'canonicalJson({ caseId, order })',
    replacement: 'canonicalJson({ order })',
    tests: ['test/http/orders/idempotency.test.ts'],
  },
  {
    name: 'finds an order below any case of its organization',
    file: 'src/orders/read-order.ts',
    original: `WHERE id = \${key.orderId} AND organization_id = \${key.organizationId}
      AND \${key.caseId === undefined ? sql\`true\` : sql\`case_id = \${key.caseId}\`}\`;`,
    replacement: `WHERE id = \${key.orderId} AND organization_id = \${key.organizationId}\`;`,
    tests: ['test/http/orders/read-order.test.ts'],
  },
  {
    name: 'sends the patient of another organization, whose case has the same id',
    file: 'src/activities/order-row.ts',
    original: 'ON (cases.organization_id, cases.id) = (orders.organization_id, case_id)',
    replacement: 'ON cases.id = case_id',
    tests: ['test/http/cases/cases.test.ts'],
  },
  {
    name: 'erases the patient of another organization, whose case has the same id',
    file: 'src/upkeep/erase-order.ts',
    original: 'sql`organization_id = ${organizationId} AND id = ${caseId}`',
    replacement: 'sql`id = ${caseId}`',
    tests: ['test/http/cases/cases.test.ts'],
  },
  {
    name: 'lets one order with a broken seal fail a list',
    file: 'src/orders/order-data-key.ts',
    original: `if (!(error instanceof SealBrokenError)) throw error;
        reportBrokenSeal`,
    replacement: `if (error instanceof Error) throw error;
        reportBrokenSeal`,
    tests: ['test/http/orders/broken-seals.test.ts'],
  },
  {
    name: 'shows a damaged order without a mark',
    file: 'src/orders/order-summary.ts',
    original: 'reader.isUnreadable() ? { unreadable: true } : {}',
    replacement: '{}',
    tests: ['test/http/orders/broken-seals.test.ts'],
  },
  {
    name: 'leaves the scope of one organization on a pooled connection',
    file: 'src/storage/row-level-security.ts',
    original: `set_config(\${setting}, \${value}, true)`,
    replacement: `set_config(\${setting}, \${value}, false)`,
    tests: ['test/http/storage/roles.test.ts'],
  },
  {
    name: 'lets an ended order change its status',
    file: 'src/orders/status.ts',
    original: 'COMPLETED: [],',
    replacement: "COMPLETED: ['CANCELLED'],",
    tests: ['test/unit/orders/status.test.ts'],
  },
  {
    name: 'reads an order without a lock before it cancels it',
    file: 'src/orders/cancellation.ts',
    original: 'FOR UPDATE`',
    replacement: '`',
    tests: ['test/http/storage/transactions.test.ts', 'test/workflow/cancel-races.test.ts'],
  },
  {
    name: 'keeps using a connection that was lost in a transaction',
    file: 'src/storage/transaction.ts',
    original: 'if (!lost && !endsConnection(error)) throw error;',
    replacement: 'throw error;',
    tests: ['test/http/storage/transactions.test.ts'],
  },
  {
    name: 'deletes an outbox row before Temporal accepts it',
    file: 'src/engine/dispatcher.ts',
    original: `await handOver(row);
      const followed = await complete(row.id);`,
    replacement: `const followed = await complete(row.id);
      await handOver(row);`,
    tests: ['test/workflow/engine/dispatch.test.ts'],
  },
  {
    name: 'never takes over the outbox row of a dispatcher that died',
    file: 'src/engine/outbox.ts',
    original: 'AND (locked_until IS NULL OR locked_until < now())`;',
    replacement: 'AND locked_until IS NULL`;',
    tests: ['test/workflow/engine/dispatch.test.ts'],
  },
  {
    name: 'signals an order before it starts its workflow',
    file: 'src/engine/outbox.ts',
    original:
      'SELECT min(earlier.id) FROM outbox AS earlier WHERE earlier.order_id = outbox.order_id)',
    replacement: 'outbox.id)',
    tests: ['test/workflow/engine/dispatch.test.ts'],
  },
  {
    name: 'starts the workflow of an ended order again',
    file: 'src/engine/deliver.ts',
    original: "row.kind === 'restart' ? 'ALLOW_DUPLICATE' : 'REJECT_DUPLICATE'",
    replacement: "'ALLOW_DUPLICATE'",
    tests: ['test/workflow/signals.test.ts'],
  },
  {
    name: 'uses signal-with-start, which starts an ended order again',
    file: 'src/engine/deliver.ts',
    original: 'await client.workflow.getHandle(orderWorkflowId(row.orderId)).signal(definition);',
    replacement: `await client.workflow.signalWithStart(ORDER_WORKFLOW, {
        workflowId: orderWorkflowId(row.orderId),
        taskQueue,
        args: [{ orderId: row.orderId, pharmacyId: row.pharmacyId }],
        signal: definition,
      });`,
    tests: ['test/workflow/signals.test.ts'],
  },
  {
    name: 'compares dates as texts',
    file: 'src/contract/calendar-date.ts',
    original: 'const [a, b] = [momentOf(date), momentOf(other)];',
    replacement: `if (date !== '') return date > other;
  const [a, b] = [momentOf(date), momentOf(other)];`,
    tests: ['test/unit/contract/prescription-dates.test.ts'],
  },
  {
    name: 'ignores the header Idempotency-Key',
    file: 'src/contract/place-order.ts',
    original: 'if (!parsed.ok || !header.ok || header.value === undefined) return parsed;',
    replacement: 'if (header.ok) return parsed;',
    tests: ['test/http/orders/idempotency-header.test.ts'],
  },
  {
    name: 'sends an order to a pharmacy that is restricted to other organizations',
    file: 'src/orders/pharmacy-access.ts',
    original: 'if (!pharmacy.permitted) {',
    replacement: 'if (pharmacy.permitted === undefined) {',
    tests: ['test/http/orders/pharmacy-access.test.ts'],
  },
  {
    name: 'rounds large numbers in custom fields',
    file: 'src/http/request-body.ts',
    original: '!error && mayHaveFaults(value, size)',
    replacement: 'error',
    tests: ['test/http/json-values.test.ts'],
  },
  {
    name: 'loses one of two equal keys next to short numbers',
    file: 'src/contract/json-faults.ts',
    original: 'return !hasShortNumbers || countParts(value) !== parts;',
    replacement: 'return !hasShortNumbers || countParts(value) > parts;',
    tests: ['test/unit/contract/json-faults.test.ts'],
  },
  {
    name: 'takes a text of invisible characters for a text',
    file: 'src/contract/invisible-characters.ts',
    original: String.raw`/^[\p{White_Space}\p{Default_Ignorable_Code_Point}\u2800\ufff9-\ufffb]*$/u`,
    replacement: String.raw`/^\s*$/u`,
    tests: ['test/unit/contract/invisible-characters.test.ts'],
  },
];
