import type { Command } from 'commander';
import { readOrderForOperators } from '../operators/list-orders.ts';
import { cancelOrderAsOperator } from '../orders/repairs/cancel-by-operator.ts';
import { keepEnd } from '../orders/repairs/keep-end.ts';
import { jsonOption, withExamples } from './arguments.ts';
import { firstIsOrder, recorded } from './command-audit.ts';
import type { CliContext } from './context.ts';
import { printJson } from './output.ts';
import { withTemporal } from './with-temporal.ts';

const ID = '0198a000-0000-7000-8000-0000000000aa';

/** The options of every repair. */
export interface RepairOptions {
  by: string;
  reason: string;
  pharmacyOrderId?: string;
  json?: boolean;
}

/** Adds `rx order retry|cancel|keep`: decisions of operators about one order. */
export function addRepairCommands(group: Command, context: CliContext): void {
  addRetry(group, context);
  addCancel(group, context);
  addKeep(group, context);
}

/** Adds the options that every repair has: the operator's name and the reason. */
export function addReasonOptions(command: Command, { operator }: CliContext): Command {
  return command
    .option('--by <name>', 'your name', operator.actor)
    .requiredOption('--reason <text>', 'the reason, which the timeline shows to operators');
}

function addRetry(group: Command, context: CliContext): void {
  const command = addReasonOptions(
    group
      .command('retry')
      .description('resume an order that is in NEEDS_ATTENTION')
      .argument('<id>', "the order's id"),
    context,
  )
    .option(
      '--pharmacy-order-id <id>',
      "the pharmacy's id of the order, which is adopted instead of placing a new order",
    )
    .addOption(jsonOption())
    .action(async (id: string, { json, ...request }: RepairOptions) => {
      const connection = await context.connect();
      const { database } = connection;
      // Imported here, because loading it would slow down every other command.
      const { retryOrder } = await import('../orders/repairs/retry-order.ts');
      await withTemporal(connection, (client) =>
        retryOrder({ database, temporal: client }, id, request),
      );
      await printRepaired(context, id, 'resumed', json);
    });
  recorded(command, 'ORDER_RETRIED', 'transaction', firstIsOrder);
  withExamples(
    command,
    `rx order retry ${ID} --reason "the pharmacy is set up now"`,
    `rx order retry ${ID} --by anna --pharmacy-order-id PH-1042 \\`,
    '    --reason "the pharmacy has it under this id"',
  );
}

function addCancel(group: Command, context: CliContext): void {
  const command = addReasonOptions(
    group
      .command('cancel')
      .description('request to cancel an order; once it was sent, the pharmacy decides')
      .argument('<id>', "the order's id"),
    context,
  )
    .addOption(jsonOption())
    .action(async (id: string, { json, ...request }: RepairOptions) => {
      const { source } = context.operator;
      await cancelOrderAsOperator((await context.connect()).database, id, { ...request, source });
      await printRepaired(context, id, 'cancellation requested', json);
    });
  recorded(command, 'ORDER_CANCEL_REQUESTED', 'transaction', firstIsOrder);
  command.addHelpText(
    'after',
    '\nThe organization can read the reason. The command works while Temporal is unavailable.',
  );
  withExamples(command, `rx order cancel ${ID} --by anna --reason "placed twice"`);
}

function addKeep(group: Command, context: CliContext): void {
  const command = addReasonOptions(
    group
      .command('keep')
      .description(
        'keep the end that an order had before its pharmacy contradicted it (LATE_ANSWER)',
      )
      .argument('<id>', "the order's id"),
    context,
  )
    .addOption(jsonOption())
    .action(async (id: string, { json, ...request }: RepairOptions) => {
      const { source } = context.operator;
      await keepEnd((await context.connect()).database, id, { ...request, source });
      await printRepaired(context, id, 'its end is kept', json);
    });
  recorded(command, 'ORDER_END_KEPT', 'transaction', firstIsOrder);
  command.addHelpText('after', '\nThe command works while Temporal is unavailable.');
  withExamples(command, `rx order keep ${ID} --reason "the pharmacy confirmed by phone"`);
}

/** Prints an order after a repair. */
export async function printRepaired(
  context: CliContext,
  id: string,
  what: string,
  json?: boolean,
): Promise<void> {
  const order = await readOrderForOperators((await context.connect()).database, id);
  if (json) return printJson(context, { order });
  context.stdout.write(`${id} ${order.status}: ${what}\n`);
}
