import { open } from 'node:fs/promises';
import type { Command } from 'commander';
import { importCases } from '../cases/import-cases.ts';
import { indexEmails } from '../cases/index-emails.ts';
import { readCase } from '../cases/read-case.ts';
import { requireNoAccessReason } from '../operators/access-reasons.ts';
import { jsonOption, withExamples } from './arguments.ts';
import { recorded } from './command-audit.ts';
import type { CliContext } from './context.ts';
import { printFields, printJson } from './output.ts';
import { createProgressBar } from './progress-bar.ts';
import { unreadable } from './read-secret.ts';

/** Adds `rx case …`: the patients' cases for which orders are placed. */
export function addCaseCommands(program: Command, context: CliContext): void {
  const group = program.command('case').description('import and read cases of organizations');
  addImport(group, context);
  addGet(group, context);
  addIndexEmails(group, context);
}

function addImport(group: Command, context: CliContext): void {
  const command = group
    .command('import')
    .description('create or replace cases from a file, in one transaction')
    .argument('<ndjson>', 'the file, one case per line; - for standard input')
    .requiredOption('--org <id>', 'the organization that the cases belong to')
    .addOption(jsonOption())
    .action(async (name: string, { org, json }: { org: string; json?: boolean }) => {
      const since = performance.now();
      const bar = createProgressBar(context.stderr);
      const file = await openFile(context, name);
      let read = 0;
      async function* chunks(): AsyncGenerator<Buffer> {
        try {
          for await (const chunk of file.bytes) {
            read += chunk.length;
            yield chunk;
          }
        } catch (error) {
          throw unreadable(name, error);
        }
      }
      try {
        const { database, hashSecret } = await context.connect();
        const result = await importCases(database, {
          organizationId: org,
          hashSecret: hashSecret(),
          chunks: chunks(),
          by: context.operator,
          onProgress: (lines) => {
            const share = file.size === undefined ? undefined : read / file.size;
            bar.show(share, `${lines.toLocaleString('en-US')} lines`);
          },
        }).finally(() => bar.end());
        const seconds = Number(((performance.now() - since) / 1000).toFixed(2));
        if (json) return printJson(context, { import: { ...result, seconds } });
        printFields(context, { ...result, seconds });
      } finally {
        await file.close();
      }
    });
  recorded(command, 'CASES_IMPORTED', 'transaction');
  command.addHelpText(
    'after',
    `
A line is {"id":"case-1","patient":{"firstName":"Jane","lastName":"Sample",…}}. One name is enough; the
patient's dateOfBirth, email, phoneNumber and address are optional, as in PUT /api/v1/cases/:caseId. If a line is invalid, the
command reports it on stderr and imports nothing; the exit code is 2. Importing the same file again changes nothing.`,
  );
  withExamples(
    command,
    'rx case import cases.ndjson --org 0198a000-0000-7000-8000-000000000001',
    'zcat cases.ndjson.gz | rx case import - --org 0198a000-0000-7000-8000-000000000001 --json',
  );
}

function addGet(group: Command, context: CliContext): void {
  const command = group
    .command('get')
    .description('show a case, including patient data')
    .argument('<id>', "the case's id")
    .requiredOption('--org <id>', 'the organization that the case belongs to')
    .addOption(jsonOption())
    .action(async (id: string, { org, json }: { org: string; json?: boolean }) => {
      const { database } = await context.connect();
      await requireNoAccessReason(database, org);
      const found = await readCase(database, org, id);
      if (json) return printJson(context, { case: found });
      const { address, ...patient } = found.patient;
      printFields(context, {
        id: found.id,
        organization: found.organizationId,
        ...patient,
        ...address,
        created: found.createdAt,
        updated: found.updatedAt,
      });
    });
  recorded(command, 'CASE_READ', 'read', ([caseId]) => ({ caseId }));
  withExamples(
    command,
    'rx case get 123e4567-e89b-12d3-a456-426614174000 --org 0198a000-0000-7000-8000-000000000001',
  );
}

function addIndexEmails(group: Command, context: CliContext): void {
  const command = group
    .command('index-emails')
    .description('let the cases of earlier versions be found by email; once, after an upgrade')
    .addOption(jsonOption())
    .action(async ({ json }: { json?: boolean }) => {
      const { database, hashSecret } = await context.connect();
      const result = await indexEmails(database, hashSecret());
      if (json) return printJson(context, { index: result });
      printFields(context, { ...result });
    });
  recorded(command, 'CASE_EMAILS_INDEXED', 'change');
  command.addHelpText(
    'after',
    `
GET /api/v1/customer-case-detail?email=… finds cases by a keyed hash of the email. Cases that were stored before
that version have none. The command decrypts each of them and stores its hash; it shows no patient data. Running
it again changes nothing.`,
  );
  withExamples(command, 'rx case index-emails');
}

interface CaseFile {
  readonly bytes: AsyncIterable<Buffer>;
  /** The size in bytes; undefined when it is not a regular file. */
  readonly size: number | undefined;
  close(): Promise<void>;
}

async function openFile(context: CliContext, name: string): Promise<CaseFile> {
  if (name === '-') return { bytes: context.stdin, size: undefined, close: async () => {} };
  try {
    const handle = await open(context.resolveFile(name));
    const status = await handle.stat();
    const stream = handle.createReadStream({ highWaterMark: 1_048_576 });
    return {
      bytes: stream,
      size: status.isFile() ? status.size : undefined,
      close: () => handle.close(),
    };
  } catch (error) {
    throw unreadable(name, error);
  }
}
