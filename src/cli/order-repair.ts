import type { Command } from 'commander';
import { readOrderForOperators } from '../operators/list-orders.ts';
import { cancelOrderAsOperator } from '../orders/repairs/operator-actions.ts';
import { jsonOption, withExamples } from './arguments.ts';
import { firstIsOrder, recorded } from './command-audit.ts';
import type { CliContext } from './context.ts';
import { printJson } from './output.ts';
import { withTemporal } from './temporal.ts';

const ID = '0198a000-0000-7000-8000-0000000000aa';

/** What each repair is given. */
export interface RepairOptions {
  by: string;
  reason: string;
  pharmacyOrderId?: string;
  json?: boolean;
}

/** `rx order retry|cancel`: what people decide about one order. */
export function addRepairCommands(group: Command, context: CliContext): void {
  addRetry(group, context);
  addCancel(group, context);
}

/** Who and why, of every repair. */
export function addWords(command: Command, { operator }: CliContext): Command {
  return command
    .option('--by <name>', 'who you are', operator.actor)
    .requiredOption('--reason <text>', 'why; in the timeline as operators see it');
}

function addRetry(group: Command, context: CliContext): void {
  const command = addWords(
    group
      .command('retry')
      .description('send an order on that is NEEDS_ATTENTION')
      .argument('<id>', "the order's id"),
    context,
  )
    .option(
      '--pharmacy-order-id <id>',
      "the pharmacy's id of the order: it is adopted, none is placed",
    )
    .addOption(jsonOption())
    .action(async (id: string, { json, ...request }: RepairOptions) => {
      const connection = context.connect();
      const { database } = connection;
      // Loaded here: it makes every other command start late.
      const { retryOrder } = await import('../orders/repairs/operator-actions.ts');
      await withTemporal(connection, (client) =>
        retryOrder({ database, temporal: client }, id, request),
      );
      await told(context, id, 'sent on', json);
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
  const command = addWords(
    group
      .command('cancel')
      .description(
        'ask for the cancellation of an order; the pharmacy decides where it may have it',
      )
      .argument('<id>', "the order's id"),
    context,
  )
    .addOption(jsonOption())
    .action(async (id: string, { json, ...request }: RepairOptions) => {
      const { source } = context.operator;
      await cancelOrderAsOperator(context.connect().database, id, { ...request, source });
      await told(context, id, 'its cancellation is asked for', json);
    });
  recorded(command, 'ORDER_CANCEL_REQUESTED', 'transaction', firstIsOrder);
  command.addHelpText(
    'after',
    "\nThe reason becomes the order's, which the organization reads. Temporal may be away.",
  );
  withExamples(command, `rx order cancel ${ID} --by anna --reason "placed twice"`);
}

/** Prints the order after a repair. */
export async function told(
  context: CliContext,
  id: string,
  what: string,
  json?: boolean,
): Promise<void> {
  const order = await readOrderForOperators(context.connect().database, id);
  if (json) return printJson(context, { order });
  context.stdout.write(`${id} ${order.status}: ${what}\n`);
}
