import type { Command } from 'commander';
import { linkMessage, listUnmatchedMessages } from '../orders/repairs/link-message.ts';
import { jsonOption, wholeNumber, withExamples } from './arguments.ts';
import { recorded } from './command-audit.ts';
import type { CliContext } from './context.ts';
import { addWords, type RepairOptions, told } from './order-repair.ts';
import { printJson, printTable } from './output.ts';

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 10_000;

/** `rx inbox …`: what pharmacies told us of orders that we do not know. */
export function addInboxCommands(program: Command, context: CliContext): void {
  const group = program
    .command('inbox')
    .description('messages of pharmacies that found no order; they are tried again by themselves');
  addList(group, context);
  addLink(group, context);
}

function addList(group: Command, context: CliContext): void {
  const command = group
    .command('list')
    .description('list them, the oldest first; nothing of what they say but the ids in them')
    .option('--pharmacy <id>', 'of this pharmacy')
    .option('--limit <n>', 'this many at most', wholeNumber(1, MAX_LIMIT), DEFAULT_LIMIT)
    .addOption(jsonOption())
    .action(async (options: { pharmacy?: string; limit: number; json?: boolean }) => {
      const messages = await listUnmatchedMessages(context.connect().database, {
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
  const command = addWords(
    group
      .command('link')
      .description('give a message to its order, as if it had named it')
      .argument('<message>', "the message's id")
      .argument('<order>', "the order's id"),
    context,
  )
    .addOption(jsonOption())
    .action(async (message: string, order: string, { json, ...request }: RepairOptions) => {
      const { source } = context.operator;
      await linkMessage(context.connect().database, message, order, { ...request, source });
      await told(context, order, `message ${message} is its own`, json);
    });
  recorded(command, 'MESSAGE_LINKED', 'transaction', ([, orderId]) => ({ orderId }));
  withExamples(
    command,
    'rx inbox link 1042 0198a000-0000-7000-8000-0000000000aa --by anna \\',
    '    --reason "the pharmacy named its old id"',
  );
}
