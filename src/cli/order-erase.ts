import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import type { Database } from '../storage/database.ts';
import { eraseOrder } from '../upkeep/erase-order.ts';
import { durationMs, jsonOption, withExamples } from './arguments.ts';
import { firstIsOrder, recorded } from './command-audit.ts';
import type { CliContext } from './context.ts';
import { printFields, printJson } from './output.ts';

const POLL_EVERY_MS = 250;

/** Adds `rx order erase`, which permanently erases the patient data of an order. */
export function addEraseCommand(group: Command, context: CliContext): void {
  const command = group
    .command('erase')
    .description('permanently erase the patient data, documents and workflows of an ended order')
    .argument('<id>', "the order's id")
    .option('--by <name>', 'your name', context.operator.actor)
    .option('--wait <time>', 'how long to wait until a worker has finished', durationMs, 30_000)
    .addOption(jsonOption())
    .action(async (id: string, options: { by: string; wait: number; json?: boolean }) => {
      const { database } = await context.connect();
      await eraseOrder(database, id, { ...context.operator, actor: options.by });
      const finished = await waitUntilDone(database, id, options.wait);
      if (options.json) return printJson(context, { erasure: { orderId: id, finished } });
      printFields(context, {
        order: id,
        'patient data': 'erased',
        'documents and workflows': finished ? 'deleted' : 'not yet deleted by a worker',
      });
    });
  recorded(command, 'ORDER_ERASED', 'transaction', firstIsOrder);
  command.addHelpText(
    'after',
    `
Ids, times, codes and counts are kept. The patient data of the case is erased with the last of its orders.
Backups can still be decrypted until the organization's data key is rotated: rx keys rotate --org.`,
  );
  withExamples(command, 'rx order erase 0198a000-0000-7000-8000-0000000000aa --by anna');
}

async function waitUntilDone(database: Database, id: string, waitMs: number): Promise<boolean> {
  for (const until = Date.now() + waitMs; ; ) {
    const done = await database`
      SELECT FROM orders WHERE id = ${id} AND erasure_done_at IS NOT NULL`;
    if (done.length > 0) return true;
    if (Date.now() > until) return false;
    await sleep(POLL_EVERY_MS);
  }
}
