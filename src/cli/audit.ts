import path from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { archiveAuditLog } from '../audit/archive-audit-log.ts';
import { type ArchiveContent, ArchiveError, verifyArchive } from '../audit/archive-file.ts';
import { type AuditRow, allAuditRows } from '../audit/audit-rows.ts';
import { verifyAuditLog } from '../audit/verify-audit-log.ts';
import { UnknownIdError } from '../lib/operator-errors.ts';
import { isUuid } from '../lib/uuid.ts';
import { jsonOption, pastTime, wholeNumber, withExamples } from './arguments.ts';
import { optionIsOrder, recorded, unrecorded } from './command-audit.ts';
import { EXIT, type ExitCode, UsageError } from './command-errors.ts';
import type { CliContext } from './context.ts';
import { printFields, printJson, printTable } from './output.ts';

/**
 * Adds `rx audit …`: the audit log.
 *
 * @param endWith sets the exit code to that of a failure when the log was tampered with.
 */
export function addAuditCommands(
  program: Command,
  context: CliContext,
  endWith: (exitCode: ExitCode) => void,
): void {
  const group = program
    .command('audit')
    .description('read and verify the log of who accessed patient data');
  addVerify(group, context, endWith);
  addArchive(group, context);
  addExport(group, context);
  addList(group, context);
}

function addVerify(
  group: Command,
  context: CliContext,
  endWith: (exitCode: ExitCode) => void,
): void {
  const command = group
    .command('verify')
    .description('detect rows and seals that were changed, removed or added')
    .option(
      '--head <hash>',
      'a head that an earlier run printed and that you stored elsewhere',
      hex,
    )
    .option('--archive <file...>', 'verify archives instead, without a database')
    .addOption(jsonOption())
    .action(async ({ head, archive, json }: VerifyOptions) => {
      if (archive !== undefined) return await verifyArchives(context, archive, { head, json });
      const verification = await verifyAuditLog((await context.connect()).database, head);
      if (verification.problem !== null) endWith(EXIT.failed);
      if (json) return printJson(context, { verification });
      const { seals, rows, head: last, problem, problems, prunedTo } = verification;
      printFields(context, {
        'valid seals': seals,
        'sealed rows': rows,
        ...(prunedTo === undefined ? {} : { 'pruned up to seal': prunedTo }),
        head: last === null ? null : `${last.number} ${last.hash}`,
        problem,
      });
      for (const other of problems.slice(1))
        printFields(context, { ['problem'.padEnd(11)]: other });
    });
  unrecorded(command, 'it shows only counts and hashes');
  command.addHelpText(
    'after',
    `
A worker seals rows a few seconds after they were written; newer rows have no seal yet. An attacker who
can write to the database can also recompute all seals. Only a head that is stored elsewhere reveals this.`,
  );
  withExamples(
    command,
    'rx audit verify',
    'rx audit verify --archive /var/archives/audit-*.ndjson.gz',
  );
}

interface VerifyOptions {
  head?: string;
  archive?: string[];
  json?: boolean;
}

/** Verifies archives and that each continues the one before it. */
async function verifyArchives(
  context: CliContext,
  files: readonly string[],
  { head, json = false }: { head: string | undefined; json: boolean | undefined },
): Promise<void> {
  const contents: (ArchiveContent & { file: string })[] = [];
  for (const file of files) {
    contents.push({ file, ...(await verifyArchive(context.resolveFile(file), head)) });
  }
  contents.sort((a, b) => Number(BigInt(a.number) - BigInt(b.number)));
  for (const [n, { file, firstNumber, previous }] of contents.entries()) {
    const before = contents[n - 1];
    if (before === undefined) continue;
    if (BigInt(firstNumber) !== BigInt(before.number) + 1n || !previous.equals(before.hash)) {
      throw new ArchiveError(`${file} does not continue ${before.file}`);
    }
  }
  if (head !== undefined && !contents.some(({ hasHead }) => hasHead)) {
    throw new ArchiveError('no seal of the archives has the hash of the given head');
  }
  const archives = contents.map(({ file, firstNumber, number, rows, sealedAt, hash }) => ({
    ...{ file, firstNumber, number, rows, sealedAt, hash: hash.toString('hex') },
  }));
  if (json) return printJson(context, { archives });
  printTable(
    context,
    ['file', 'seals', 'rows', 'until'],
    archives.map(({ file, firstNumber, number, rows, sealedAt }) => [
      ...[path.basename(file), `${firstNumber} to ${number}`, rows, new Date(sealedAt)],
    ]),
  );
  context.stdout.write(`\nhead  ${archives.at(-1)?.number} ${archives.at(-1)?.hash}\n`);
}

function addArchive(group: Command, context: CliContext): void {
  const command = group
    .command('archive')
    .description('write sealed rows that are in no archive yet into a file, and verify it')
    .requiredOption('--to <folder>', 'the folder for the file')
    .addOption(jsonOption())
    .action(async ({ to, json }: { to: string; json?: boolean }) => {
      const { database } = await context.connect();
      const archive = await archiveAuditLog(database, context.resolveFile(to));
      if (archive === undefined) {
        if (json) return printJson(context, { archive: null });
        context.stdout.write('every sealed row is in an archive\n');
        return;
      }
      const { firstNumber, number, rows, hash } = archive;
      const file = path.join(to, path.basename(archive.file));
      const shown = { file, rows, head: `${number} ${hash.toString('hex')}` };
      if (json) return printJson(context, { archive: { firstNumber, number, ...shown } });
      printFields(context, { ...shown, seals: `${firstNumber} to ${number}` });
    });
  recorded(command, 'AUDIT_LOG_ARCHIVED', 'change');
  command.addHelpText(
    'after',
    `
Workers delete archived rows after RETENTION_AUDIT_DAYS. Keep the file in another place, such as a bucket whose
objects nobody can change, before that.`,
  );
  withExamples(command, 'rx audit archive --to /var/archives');
}

function addExport(group: Command, context: CliContext): void {
  const command = group
    .command('export')
    .description('print the log, one JSON document per line, in the order of the seals')
    .option('--since <time>', 'only rows since: 24h, a date or a time', pastTime)
    .action(async (options: { since?: Date }) => {
      for await (const row of allAuditRows((await context.connect()).database, options)) {
        context.stdout.write(`${JSON.stringify(row)}\n`);
      }
    });
  recorded(command, 'AUDIT_LOG_EXPORTED', 'stream');
  withExamples(command, 'rx audit export --since 24h > audit.ndjson');
}

const DEFAULT_ROWS = 1_000;
const MAX_ROWS = 1_000_000;

interface ListOptions {
  order?: string;
  case?: string;
  operator?: string;
  since?: Date;
  until?: Date;
  limit: number;
  json?: boolean;
}

function addList(group: Command, context: CliContext): void {
  const command = group
    .command('list')
    .description('show who accessed an order or a case, or what an operator did')
    .option('--order <id>', 'only access to this order')
    .option('--case <id>', 'only access to this case, by its id at the organization')
    .option('--operator <name>', 'only what this operator did')
    .option('--since <time>', 'only rows since: 24h, a date or a time', pastTime)
    .option('--until <time>', 'only rows before: 1h, a date or a time', pastTime)
    .option('--limit <n>', 'the maximum number of rows', wholeNumber(1, MAX_ROWS), DEFAULT_ROWS)
    .addOption(jsonOption())
    .action(async ({ json, limit, ...options }: ListOptions) => {
      const { order: orderId, case: caseId, operator, since, until } = options;
      if ([orderId, caseId, operator, since].every((each) => each === undefined)) {
        throw new UsageError('pass --order, --case, --operator or --since');
      }
      if (orderId !== undefined && !isUuid(orderId)) throw new UnknownIdError('order');
      const { database } = await context.connect();
      const rows: AuditRow[] = [];
      const filter = { orderId, caseId, operator, since, until };
      for await (const row of allAuditRows(database, filter)) {
        if (rows.push(row) === limit) break;
      }
      if (rows.length === limit) {
        context.stderr.write(`the first ${limit} rows; --since and --limit show others\n`);
      }
      if (json) return printJson(context, { audit: rows });
      printTable(
        context,
        ['at', 'actor', 'action', 'result', 'order', 'case', 'source', 'request'],
        rows.map((row) => [
          ...[row.at, `${row.actorKind} ${row.actor}`, row.action, row.result],
          ...[row.orderId, row.caseId, row.source, row.requestId],
        ]),
      );
    });
  recorded(command, 'AUDIT_LOG_READ', 'read', optionIsOrder);
  withExamples(
    command,
    'rx audit list --order 0198a000-0000-7000-8000-0000000000aa',
    'rx audit list --operator anna --since 24h',
    'rx audit list --case 123e4567-e89b-12d3-a456-426614174000 --since 2026-11-01 --until 2026-12-01',
  );
}

function hex(text: string): string {
  if (/^[0-9a-f]{64}$/.test(text)) return text;
  throw new InvalidArgumentError('It must be 64 hexadecimal digits.');
}
