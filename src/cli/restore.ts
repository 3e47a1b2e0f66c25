import type { Command } from 'commander';
import { loadBackup } from '../backup/load-backup.ts';
import { recheckEndedOrders } from '../operators/recheck-orders.ts';
import { beginEpoch } from '../storage/epoch.ts';
import { jsonOption, pastTime, withExamples } from './arguments.ts';
import { documentsOf, printManifest } from './backup.ts';
import { recorded } from './command-audit.ts';
import type { CliContext } from './context.ts';
import { printFields, printJson, printTable } from './output.ts';
import { withTemporal } from './with-temporal.ts';

/** Adds `rx restore …`: what follows a loss of data (docs/disaster-recovery.md). */
export function addRestoreCommands(program: Command, context: CliContext): void {
  const group = program
    .command('restore')
    .description('bring a deployment back after a loss of data');
  addLoad(group, context);
  addFinish(group, context);
  addReconcile(group, context);
  addRecheck(group, context);
}

function addLoad(group: Command, context: CliContext): void {
  const command = group
    .command('load')
    .description('load a backup of rx backup create into a migrated database without orders')
    .argument('<folder>', 'the folder of the backup')
    .addOption(jsonOption())
    .action(async (folder: string, { json }: { json?: boolean }) => {
      const connection = await context.connect();
      const target = {
        database: connection.database,
        documents: await documentsOf(connection),
        hashSecret: connection.hashSecret(),
        masterKeyIds: connection.masterKeys().keyIds,
      };
      printManifest(context, await loadBackup(target, context.resolveFile(folder)), json);
    });
  recorded(command, 'BACKUP_LOADED', 'change');
  command.addHelpText(
    'after',
    `
DATABASE_URL must log in as the owner of the tables, as for the migrations. Stop servers and workers first. What the
database contains besides orders is replaced.`,
  );
  withExamples(command, 'rx restore load /var/backups/rx-orders-2027-01-31');
}

function addFinish(group: Command, context: CliContext): void {
  const command = group
    .command('finish')
    .description(
      'after a restore of Postgres by other means, such as to a point in time: continue all orders',
    )
    .addOption(jsonOption())
    .action(async ({ json }: { json?: boolean }) => {
      const epoch = await beginEpoch((await context.connect()).database);
      if (json) return printJson(context, { epoch });
      printFields(context, {
        epoch,
        next: 'a worker ends earlier workflow runs and starts open orders again',
      });
    });
  recorded(command, 'RESTORE_FINISHED', 'change');
  command.addHelpText(
    'after',
    `
Run it once after the restore, before servers start: lists of events and the audit log continue, and open orders start
again from what Postgres knows. Run it too after a failover to a replica that lacked transactions.`,
  );
  withExamples(command, 'rx restore finish');
}

function addReconcile(group: Command, context: CliContext): void {
  const command = group
    .command('reconcile')
    .description('list orders that Temporal or pharmacies know and Postgres has lost')
    .requiredOption('--since <time>', 'the time of the backup: 24h, a date or a time', pastTime)
    .addOption(jsonOption())
    .action(async ({ since, json }: { since: Date; json?: boolean }) => {
      const connection = await context.connect();
      const { findLostOrders } = await import('../operators/lost-orders.ts');
      const orders = await withTemporal(connection, (client) =>
        findLostOrders(connection.database, client, since),
      );
      if (json) return printJson(context, { orders });
      printTable(
        context,
        ['order', 'organization', 'pharmacy', 'started', 'at the pharmacy', "pharmacy's id"],
        orders.map((each) => [
          ...[each.orderId, each.organizationId, each.pharmacyId, each.startedAt],
          ...[each.atPharmacy, each.pharmacyOrderId],
        ]),
      );
    });
  recorded(command, 'LOST_ORDERS_LISTED', 'read');
  command.addHelpText(
    'after',
    `
Tell each organization its orders: when it repeats a request with the same idempotency key, the order gets its former id
and continues with the order that the pharmacy has.`,
  );
  withExamples(command, 'rx restore reconcile --since 2027-01-31T12:00:00Z');
}

function addRecheck(group: Command, context: CliContext): void {
  const command = group
    .command('recheck')
    .description('read orders that had ended before the restore at their pharmacies again')
    .requiredOption('--ended-since <time>', 'their end: 7d, a date or a time', pastTime)
    .addOption(jsonOption())
    .action(async ({ endedSince, json }: { endedSince: Date; json?: boolean }) => {
      const { database } = await context.connect();
      const orders = await recheckEndedOrders(database, endedSince);
      if (json) return printJson(context, { orders });
      printFields(context, {
        orders,
        next: 'workers read them at their pharmacies; at most a thousand wait in the outbox at once',
      });
    });
  recorded(command, 'ENDED_ORDERS_RECHECKED', 'change');
  command.addHelpText(
    'after',
    `
A pharmacy does not repeat a message that was answered before the loss: late or changed documents, shipments, another end.
Choose a time so long before the backup that your pharmacies report nothing about older orders.`,
  );
  withExamples(command, 'rx restore recheck --ended-since 7d');
}
