import type { Command } from 'commander';
import { ORDER_STATUSES, type OrderStatus } from '../contract/order.ts';
import {
  listOrdersForOperators,
  type OperatorOrderDetail,
  readOrderForOperators,
} from '../operators/list-orders.ts';
import { jsonOption, listOf, pastTime, wholeNumber, withExamples } from './arguments.ts';
import { firstIsOrder, recorded } from './command-audit.ts';
import type { CliContext } from './context.ts';
import { addEraseCommand } from './order-erase.ts';
import { addRepairCommands } from './order-repair.ts';
import { addTraceCommands } from './order-trace.ts';
import { printFields, printJson, printTable } from './output.ts';

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 10_000;

/** Adds `rx order …`. No command shows patient data. */
export function addOrderCommands(program: Command, context: CliContext): void {
  const group = program.command('order').description('inspect and repair orders');
  addList(group, context);
  addShow(group, context);
  addRepairCommands(group, context);
  addTraceCommands(group, context);
  addEraseCommand(group, context);
}

interface ListOptions {
  status?: OrderStatus[];
  org?: string;
  pharmacy?: string;
  delayed?: boolean;
  since?: Date;
  until?: Date;
  limit: number;
  json?: boolean;
}

function addList(group: Command, context: CliContext): void {
  const command = group
    .command('list')
    .description('list orders, newest first; --json has all fields')
    .option('--status <list>', `a list of ${ORDER_STATUSES.join(', ')}`, (text: string) =>
      listOf(ORDER_STATUSES)(text.toUpperCase().replaceAll('-', '_')),
    )
    .option('--org <id>', 'only orders of this organization')
    .option('--pharmacy <id>', 'only orders for this pharmacy')
    .option('--delayed', 'only orders with a step that has been failing for more than a minute')
    .option('--since <time>', 'only orders accepted since: 24h, 2026-11-01 or a time', pastTime)
    .option('--until <time>', 'only orders accepted before: 1h, 2026-11-02 or a time', pastTime)
    .option('--limit <n>', 'the maximum number of orders', wholeNumber(1, MAX_LIMIT), DEFAULT_LIMIT)
    .addOption(jsonOption())
    .action(async (options: ListOptions) => {
      const orders = await listOrdersForOperators((await context.connect()).database, {
        statuses: options.status,
        organizationId: options.org,
        pharmacyId: options.pharmacy,
        delayed: options.delayed ?? false,
        since: options.since,
        until: options.until,
        limit: options.limit,
      });
      if (options.json) return printJson(context, { orders });
      printTable(
        context,
        ['id', 'status', 'age', 'attempts', 'reason', 'pharmacy'],
        orders.map((order) => [
          ...[order.id, order.status, ageOf(order.createdAt), order.delay?.attempts ?? null],
          ...[order.delay?.code ?? order.reasonCode, order.pharmacyId],
        ]),
      );
    });
  recorded(command, 'ORDERS_LISTED', 'read');
  withExamples(
    command,
    'rx order list --status needs-attention',
    'rx order list --delayed --until 1h',
    'rx order list --pharmacy main-street --status PLACING,AWAITING_COMPLETION --limit 200',
    "rx order list --status needs-attention --json | jq -r '.orders[].id'",
  );
}

function addShow(group: Command, context: CliContext): void {
  const command = group
    .command('show')
    .description('show an order with its timeline, without prescription and patient data')
    .argument('<id>', "the order's id")
    .addOption(jsonOption())
    .action(async (id: string, { json }: { json?: boolean }) => {
      const order = await readOrderForOperators((await context.connect()).database, id);
      if (json) return printJson(context, { order });
      printOrder(context, order);
    });
  recorded(command, 'ORDER_READ', 'read', firstIsOrder);
  withExamples(
    command,
    'rx order show 0198a000-0000-7000-8000-0000000000aa',
    "rx order show 0198a000-0000-7000-8000-0000000000aa --json | jq '.order.activity'",
  );
}

/** How long ago an order was accepted, such as `45s`, `12m`, `3h` or `8d`. */
function ageOf(createdAt: Date): string {
  const seconds = Math.max(0, Math.round((Date.now() - createdAt.getTime()) / 1_000));
  if (seconds < 100) return `${seconds}s`;
  if (seconds < 100 * 60) return `${Math.round(seconds / 60)}m`;
  const hours = Math.round(seconds / 3_600);
  return hours < 100 ? `${hours}h` : `${Math.round(hours / 24)}d`;
}

function delayText({
  code,
  since,
  attempts,
  nextAttemptAt,
}: NonNullable<OperatorOrderDetail['delay']>) {
  return `${code} since ${since}, ${attempts} attempts, the next at ${nextAttemptAt}`;
}

function printOrder(context: CliContext, order: OperatorOrderDetail): void {
  printFields(context, {
    id: order.id,
    status: order.status,
    reason: order.reasonCode,
    ...(order.delay === null ? {} : { delay: delayText(order.delay) }),
    organization: `${order.organizationId} (${order.organizationName})`,
    case: order.caseId,
    pharmacy: order.pharmacyId,
    "pharmacy's id": order.pharmacyOrderId,
    workflow: order.workflowId,
    created: order.createdAt,
    sent: order.sentAt,
    updated: order.updatedAt,
    documents: order.documents,
    shipments: order.shipments,
  });
  context.stdout.write('\n');
  printTable(
    context,
    ['at', 'actor', 'event', 'from', 'to', 'reason', 'operator', 'why'],
    order.activity.map((each) => [
      ...[each.at, each.actor, each.event, each.fromStatus, each.toStatus, each.reasonCode],
      ...[each.by, each.why],
    ]),
  );
}
