import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import type { Database } from '../storage/database.ts';
import { eraseOrder } from '../upkeep/erase-order.ts';
import { durationMs, jsonOption, withExamples } from './arguments.ts';
import { firstIsOrder, recorded } from './command-audit.ts';
import type { CliContext } from './context.ts';
import { printFields, printJson } from './output.ts';

const LOOK_EVERY_MS = 250;

/** `rx order erase`: what an order holds of its patient, for good. */
export function addEraseCommand(group: Command, context: CliContext): void {
  const command = group
    .command('erase')
    .description('erase the patient data of an order that has ended, its documents and workflows')
    .argument('<id>', "the order's id")
    .option('--by <name>', 'who you are', context.operator.actor)
    .option('--wait <time>', 'how long to wait for a worker to finish it', durationMs, 30_000)
    .addOption(jsonOption())
    .action(async (id: string, options: { by: string; wait: number; json?: boolean }) => {
      const { database } = context.connect();
      await eraseOrder(database, id, { ...context.operator, actor: options.by });
      const finished = await waitUntilDone(database, id, options.wait);
      if (options.json) return printJson(context, { erasure: { orderId: id, finished } });
      printFields(context, {
        order: id,
        'patient data': 'erased',
        'documents and workflows': finished ? 'gone' : 'a worker has yet to remove them',
      });
    });
  recorded(command, 'ORDER_ERASED', 'transaction', firstIsOrder);
  command.addHelpText(
    'after',
    `
Ids, times, codes and counts stay. The patient of its case goes with the last of the case's orders.
Backups open until the organization's data key is rotated: rx keys rotate --org.`,
  );
  withExamples(command, 'rx order erase 0198a000-0000-7000-8000-0000000000aa --by anna');
}

async function waitUntilDone(database: Database, id: string, waitMs: number): Promise<boolean> {
  for (const until = Date.now() + waitMs; ; ) {
    const done = await database`
      SELECT FROM orders WHERE id = ${id} AND erasure_done_at IS NOT NULL`;
    if (done.length > 0) return true;
    if (Date.now() > until) return false;
    await sleep(LOOK_EVERY_MS);
  }
}
