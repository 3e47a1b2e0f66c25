import type { Bug } from './bug.ts';

/** Between the client's request and the workflow. */
export const ORDER_BUGS: readonly Bug[] = [
  {
    name: 'answers 200 before the order is stored',
    file: 'src/orders/accept-order.ts',
    words: 'const [row] = await outcomeInTime(statement);',
    otherWords:
      'void statement.catch(() => undefined);\n  const [row] = [{ accepted: true } as Verdict & { accepted: boolean }];',
    tests: ['test/http/orders/idempotency.test.ts'],
  },
  {
    name: 'does not wait for what became of a statement that it gave up',
    file: 'src/storage/database.ts',
    words: 'if (!(error instanceof DatabaseTimeoutError)) throw error;',
    otherWords: 'throw error;',
    tests: ['test/unit/storage/database.test.ts'],
  },
  {
    name: 'forgets the case when it compares a repeated request',
    file: 'src/orders/accept-order.ts',
    words: 'canonicalJson({ caseId, order })',
    otherWords: 'canonicalJson({ order })',
    tests: ['test/http/orders/idempotency.test.ts'],
  },
  {
    name: 'reads an order whoever asks',
    file: 'src/orders/read-order.ts',
    words: `WHERE id = \${key.orderId} AND organization_id = \${key.organizationId}
      AND \${key.caseId === undefined ? sql\`true\` : sql\`case_id = \${key.caseId}\`}\`;
  if (row === undefined) throw new OrderNotFoundError();
  return {`,
    otherWords: `WHERE id = \${key.orderId}
      AND \${key.caseId === undefined ? sql\`true\` : sql\`case_id = \${key.caseId}\`}\`;
  if (row === undefined) throw new OrderNotFoundError();
  return {`,
    tests: ['test/http/access-matrix.test.ts'],
  },
  {
    name: 'lets an ended order go on',
    file: 'src/orders/status.ts',
    words: 'COMPLETED: [],',
    otherWords: "COMPLETED: ['CANCELLED'],",
    tests: ['test/unit/orders/status.test.ts'],
  },
  {
    name: 'looks at an order without a lock before it cancels it',
    file: 'src/orders/cancel-order.ts',
    words: 'FOR UPDATE`',
    otherWords: '`',
    tests: ['test/http/storage/transactions.test.ts', 'test/workflow/cancel-races.test.ts'],
  },
  {
    name: 'goes on writing to a connection that was lost in a transaction',
    file: 'src/storage/transaction.ts',
    words: 'if (!lost && !isLast(error)) throw error;',
    otherWords: 'throw error;',
    tests: ['test/http/storage/transactions.test.ts'],
  },
  {
    name: 'removes a row of the outbox before Temporal has taken it',
    file: 'src/engine/dispatcher.ts',
    words: `await callInTime(dependencies.withDeadline, () => dependencies.deliver(row));
      await completeRow(database, row.id);`,
    otherWords: `await completeRow(database, row.id);
      await callInTime(dependencies.withDeadline, () => dependencies.deliver(row));`,
    tests: ['test/workflow/engine/dispatch.test.ts'],
  },
  {
    name: 'never takes over the row of a dispatcher that died',
    file: 'src/engine/outbox.ts',
    words: `AND (locked_until IS NULL OR locked_until < now())
          AND (kind`,
    otherWords: `AND locked_until IS NULL
          AND (kind`,
    tests: ['test/workflow/engine/dispatch.test.ts'],
  },
  {
    name: 'signals an order before it has started it',
    file: 'src/engine/outbox.ts',
    words: `AND NOT EXISTS (
            SELECT FROM outbox AS earlier
            WHERE earlier.order_id = outbox.order_id AND earlier.id < outbox.id)`,
    otherWords: '',
    tests: ['test/workflow/engine/dispatch.test.ts'],
  },
  {
    name: 'starts the workflow of an ended order again',
    file: 'src/engine/deliver.ts',
    words: "row.kind === 'restart' ? 'ALLOW_DUPLICATE' : 'REJECT_DUPLICATE'",
    otherWords: "'ALLOW_DUPLICATE'",
    tests: ['test/workflow/signals.test.ts'],
  },
  {
    name: 'signals with start, and so starts an ended order again',
    file: 'src/engine/deliver.ts',
    words: 'await client.workflow.getHandle(orderWorkflowId(row.orderId)).signal(definition);',
    otherWords: `await client.workflow.signalWithStart(ORDER_WORKFLOW, {
        workflowId: orderWorkflowId(row.orderId),
        taskQueue,
        args: [{ orderId: row.orderId, pharmacyId: row.pharmacyId }],
        signal: definition,
      });`,
    tests: ['test/workflow/signals.test.ts'],
  },
];
