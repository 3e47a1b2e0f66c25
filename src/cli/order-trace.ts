import type { Command } from 'commander';
import { listOrderEvents } from '../operators/order-events.ts';
import { readStatus } from '../orders/repairs/with-repair.ts';
import { jsonOption, withExamples } from './arguments.ts';
import { firstIsOrder, recorded } from './command-audit.ts';
import type { CliContext } from './context.ts';
import { printJson, printTable } from './output.ts';
import { withTemporal } from './with-temporal.ts';

const ID = '0198a000-0000-7000-8000-0000000000aa';

/** Adds `rx order history|events`: the order's workflow history and its webhook events. */
export function addTraceCommands(group: Command, context: CliContext): void {
  addHistory(group, context);
  addEvents(group, context);
}

function addHistory(group: Command, context: CliContext): void {
  const command = group
    .command('history')
    .description("show the history and the pending activities of the order's workflow in Temporal")
    .argument('<id>', "the order's id")
    .addOption(jsonOption())
    .action(async (id: string, { json }: { json?: boolean }) => {
      const connection = await context.connect();
      await readStatus(connection.database, id);
      const { readHistory } = await import('../operators/order-history.ts');
      const history = await withTemporal(connection, (client) => readHistory(client, id));
      if (json) return printJson(context, { history });
      printTable(
        context,
        ['no', 'at', 'event', 'subject', 'attempt', 'failure'],
        history.map((line) => [
          ...[line.number, line.at, line.event, line.about, line.attempt, line.failure],
        ]),
      );
    });
  recorded(command, 'ORDER_HISTORY_READ', 'read', firstIsOrder);
  withExamples(
    command,
    `rx order history ${ID}`,
    `rx order history ${ID} --json | jq '.history[] | select(.failure)'`,
  );
}

function addEvents(group: Command, context: CliContext): void {
  const command = group
    .command('events')
    .description("show the order's events and the status of each webhook delivery")
    .argument('<id>', "the order's id")
    .addOption(jsonOption())
    .action(async (id: string, { json }: { json?: boolean }) => {
      const { database } = await context.connect();
      await readStatus(database, id);
      const events = await listOrderEvents(database, id);
      if (json) return printJson(context, { events });
      printTable(
        context,
        ['sequence', 'at', 'event', 'endpoint', 'delivery', 'attempts', 'next attempt'],
        events.map((each) => [
          ...[each.sequence, each.at, each.event, each.url, each.delivery, each.attempts],
          each.nextAttemptAt,
        ]),
      );
    });
  recorded(command, 'EVENTS_LISTED', 'read', firstIsOrder);
  withExamples(command, `rx order events ${ID}`);
}
