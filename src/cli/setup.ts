import { type Command, Option } from 'commander';
import type { SetupStep } from '../lib/setup-step.ts';
import { PROGRAM_ROLES, roleOf, setUpDatabase } from '../storage/set-up-database.ts';
import { durationMs, jsonOption, withExamples } from './arguments.ts';
import { unrecorded } from './command-audit.ts';
import { EXIT, type ExitCode } from './command-errors.ts';
import type { CliContext } from './context.ts';
import { printJson, printTable } from './output.ts';

interface SetupOptions {
  dryRun?: boolean;
  printSql?: boolean;
  retention: number;
  json?: boolean;
}

/**
 * Adds `rx setup`, which prepares Postgres and Temporal for a deployment.
 *
 * @param endWith sets the exit code to that of a failure when a step fails.
 */
export function addSetupCommand(
  program: Command,
  context: CliContext,
  endWith: (exitCode: ExitCode) => void,
): void {
  const command = program
    .command('setup')
    .description('create the roles, the schema, the namespace and its search attributes')
    .option('--dry-run', 'show what is missing, and change nothing')
    .option('--print-sql', 'print what an administrator of Postgres runs first, and do nothing')
    .addOption(
      new Option(
        '--retention <time>',
        'how long a new namespace keeps the history of an order that has ended',
      )
        .default(7 * 86_400_000, '7d')
        .argParser(durationMs),
    )
    .addOption(jsonOption())
    .action(async (options: SetupOptions) => {
      if (options.printSql) {
        context.stdout.write(administratorSql(context.owned()));
        return;
      }
      const steps = await setUp(context, options);
      if (steps.some(({ result }) => result === 'fail')) endWith(EXIT.failed);
      if (options.json) return printJson(context, { steps });
      printTable(
        context,
        ['step', 'result', 'details'],
        steps.map(({ step, result, message }) => [step, result, message]),
      );
    });
  unrecorded(command, 'it touches no patient data');
  command.addHelpText(
    'after',
    `
DATABASE_URL names the owner of the database here, not the role of rx. A role that cannot log in can do so
afterwards if its password is in ${passwordVariables().join(', ')};
one that can keeps its password. docs/operations.md lists the rights that each step needs.`,
  );
  withExamples(
    command,
    'rx setup --print-sql | psql postgres://postgres@db.example.com/postgres',
    'DATABASE_URL=postgres://rx_orders@db.example.com/rx_orders rx setup --dry-run',
  );
}

async function setUp(
  context: CliContext,
  { dryRun = false, retention }: SetupOptions,
): Promise<SetupStep[]> {
  const { url, temporal } = context.owned();
  const passwords = Object.fromEntries(
    PROGRAM_ROLES.map((name, n) => [
      name,
      context.variable(passwordVariables()[n] ?? '') || undefined,
    ]),
  );
  const steps: SetupStep[] = [];
  for await (const step of setUpDatabase({ url, passwords, dryRun })) steps.push(step);
  // Imported here, because loading the Temporal client would slow down every other command.
  const { setUpNamespace } = await import('../temporal/set-up-namespace.ts');
  const { options, namespace } = temporal;
  for await (const step of setUpNamespace({ options, namespace, retentionMs: retention, dryRun })) {
    steps.push(step);
  }
  return steps;
}

/** The variables of the passwords, as in `docker-compose.yml`. */
function passwordVariables(): string[] {
  return PROGRAM_ROLES.map((name) => `${name.toUpperCase()}_DATABASE_PASSWORD`);
}

/** The statements that need an administrator of the cluster. */
function administratorSql({ url }: { readonly url: string }): string {
  const { username, pathname } = new URL(url);
  const [owner, database] = [username, pathname.slice(1)].map(
    (name) => `"${decodeURIComponent(name).replaceAll('"', '""')}"`,
  );
  const roles = [owner ?? '', ...PROGRAM_ROLES.map(roleOf)];
  return [
    '-- Run as a superuser, or as a role with CREATEROLE and CREATEDB. What exists already is refused, and stays as it is.',
    ...roles.map((name) => `CREATE ROLE ${name} LOGIN;`),
    `GRANT ${owner ?? ''} TO CURRENT_USER;`,
    `CREATE DATABASE ${database ?? ''} OWNER ${owner ?? ''};`,
    '-- None of them can log in with a password before you give it one, in psql:',
    ...roles.map((name) => `-- \\password ${name}`),
    '',
  ].join('\n');
}
