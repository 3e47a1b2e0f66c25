import type { Command } from 'commander';
import { createBackup } from '../backup/create-backup.ts';
import { verifyBackup } from '../backup/load-backup.ts';
import type { Manifest } from '../backup/manifest.ts';
import { createDocumentStore } from '../documents/create-document-store.ts';
import { jsonOption, withExamples } from './arguments.ts';
import { recorded, unrecorded } from './command-audit.ts';
import { UsageError } from './command-errors.ts';
import type { CliContext, Connection } from './context.ts';
import { printFields, printJson } from './output.ts';

/** Adds `rx backup …`: backups of Postgres and of the documents. */
export function addBackupCommands(program: Command, context: CliContext): void {
  const group = program
    .command('backup')
    .description('back up Postgres and the documents, encrypted as they are');
  addCreate(group, context);
  addVerify(group, context);
}

function addCreate(group: Command, context: CliContext): void {
  const command = group
    .command('create')
    .description('write a backup into a new folder; servers and workers may go on')
    .argument('<folder>', 'the folder to create')
    .addOption(jsonOption())
    .action(async (folder: string, { json }: { json?: boolean }) => {
      const connection = await context.connect();
      const source = {
        database: connection.database,
        documents: await documentsOf(connection),
        hashSecret: connection.hashSecret(),
      };
      const manifest = await createBackup(source, context.resolveFile(folder));
      printManifest(context, manifest, json);
    });
  recorded(command, 'BACKUP_CREATED', 'stream');
  command.addHelpText(
    'after',
    `
The backup contains no HASH_SECRET and no ENCRYPTION_KEYS, and it is worthless without them: keep them elsewhere.`,
  );
  withExamples(command, 'rx backup create /var/backups/rx-orders-2027-01-31');
}

function addVerify(group: Command, context: CliContext): void {
  const command = group
    .command('verify')
    .description('compare every file of a backup with its checksum')
    .argument('<folder>', 'the folder of the backup')
    .addOption(jsonOption())
    .action(async (folder: string, { json }: { json?: boolean }) => {
      printManifest(context, await verifyBackup(context.resolveFile(folder)), json);
    });
  unrecorded(command, 'it shows only counts and checksums');
  withExamples(command, 'rx backup verify /var/backups/rx-orders-2027-01-31');
}

/**
 * Opens the store of documents.
 *
 * @throws {UsageError} it is not configured.
 */
export async function documentsOf({ documents }: Connection) {
  if (documents === undefined) {
    throw new UsageError('set DOCUMENTS_DIR or DOCUMENTS_S3_BUCKET to the value of the servers');
  }
  return await createDocumentStore(documents);
}

/** Prints what a backup contains. */
export function printManifest(context: CliContext, manifest: Manifest, json = false): void {
  const { createdAt, tables, documents, masterKeyIds } = manifest;
  const rows = tables.reduce((sum, each) => sum + each.rows, 0);
  const bytes = [...tables, ...documents].reduce((sum, { size }) => sum + size, 0);
  const orders = tables.find(({ table }) => table === 'orders')?.rows ?? 0;
  const backup = { createdAt, orders, rows, documents: documents.length, bytes, masterKeyIds };
  if (json) return printJson(context, { backup });
  printFields(context, {
    created: createdAt,
    orders,
    'rows in all': rows,
    documents: documents.length,
    bytes,
    'needs master keys': masterKeyIds.join(', '),
  });
}
