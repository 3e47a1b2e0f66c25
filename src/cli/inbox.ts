import type { Command } from 'commander';
import { linkMessage, listUnmatchedMessages } from '../orders/repairs/link-message.ts';
import { jsonOption, wholeNumber, withExamples } from './arguments.ts';
import { recorded } from './command-audit.ts';
import type { CliContext } from './context.ts';
import { addReasonOptions, printRepaired, type RepairOptions } from './order-repair.ts';
import { printJson, printTable } from './output.ts';

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 10_000;

/** Adds `rx inbox …`: messages of pharmacies about unknown orders. */
export function addInboxCommands(program: Command, context: CliContext): void {
  const group = program
    .command('inbox')
    .description(
      'list and link messages of pharmacies that match no order (workers also retry them)',
    );
  addList(group, context);
  addLink(group, context);
}

function addList(group: Command, context: CliContext): void {
  const command = group
    .command('list')
    .description('list the messages, oldest first; shows their ids, but not their content')
    .option('--pharmacy <id>', 'only messages of this pharmacy')
    .option(
      '--limit <n>',
      'the maximum number of messages',
      wholeNumber(1, MAX_LIMIT),
      DEFAULT_LIMIT,
    )
    .addOption(jsonOption())
    .action(async (options: { pharmacy?: string; limit: number; json?: boolean }) => {
      const messages = await listUnmatchedMessages((await context.connect()).database, {
        pharmacyId: options.pharmacy,
        limit: options.limit,
      });
      if (options.json) return printJson(context, { messages });
      printTable(
        context,
        ['id', 'pharmacy', 'type', 'reference', "pharmacy's id", 'received'],
        messages.map((each) => [
          ...[each.id, each.pharmacyId, each.type, each.reference, each.pharmacyOrderId],
          each.receivedAt,
        ]),
      );
    });
  recorded(command, 'MESSAGES_LISTED', 'read');
  withExamples(command, 'rx inbox list', 'rx inbox list --pharmacy main-street --json');
}

function addLink(group: Command, context: CliContext): void {
  const command = addReasonOptions(
    group
      .command('link')
      .description('link a message to its order, as if the message had named the order')
      .argument('<message>', "the message's id")
      .argument('<order>', "the order's id"),
    context,
  )
    .addOption(jsonOption())
    .action(async (message: string, order: string, { json, ...request }: RepairOptions) => {
      const { source } = context.operator;
      await linkMessage((await context.connect()).database, message, order, { ...request, source });
      await printRepaired(context, order, `message ${message} linked`, json);
    });
  recorded(command, 'MESSAGE_LINKED', 'transaction', ([, orderId]) => ({ orderId }));
  withExamples(
    command,
    'rx inbox link 1042 0198a000-0000-7000-8000-0000000000aa --by anna \\',
    '    --reason "the pharmacy named its old id"',
  );
}
