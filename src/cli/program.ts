import { Command, CommanderError } from 'commander';
import { packageVersion } from '../process/build-id.ts';
import { addKeyCommands } from './api-keys.ts';
import { addAuditCommands } from './audit.ts';
import { createRecorder } from './audit-recorder.ts';
import { addBackupCommands } from './backup.ts';
import { addCaseCommands } from './case.ts';
import { EXIT, type ExitCode, failureOf } from './command-errors.ts';
import { addCompletionCommand } from './completion.ts';
import { addConsoleCommand } from './console.ts';
import type { CliContext } from './context.ts';
import { addDoctorCommand } from './doctor.ts';
import { addEncryptionKeyCommands } from './encryption-keys.ts';
import { addInboxCommands } from './inbox.ts';
import { addListenCommand } from './listen.ts';
import { addOrderCommands } from './order.ts';
import { addOrganizationCommands } from './org.ts';
import { addPharmacyCommands } from './pharmacy.ts';
import { addRestoreCommands } from './restore.ts';
import { addSetupCommand } from './setup.ts';
import { addStatsCommand } from './stats.ts';
import { addWebhookCommands } from './webhook.ts';

const HELP = `
rx uses the database of DATABASE_URL, with the HASH_SECRET and ENCRYPTION_KEYS of its servers. Without
DATABASE_URL it uses the sandbox that npm start runs on DATA_DIR (default: .data). Results go to stdout,
everything else to stderr. The audit log records commands that concern patients, keys and secrets under
the name in RX_OPERATOR, or under the name of your account.

Exit codes:
  ${EXIT.ok}  success
  ${EXIT.failed}  failure; also when a tested pharmacy or endpoint does not work, or rx doctor
     reports a failed check
  ${EXIT.usage}  invalid argument, option, variable or input file
  ${EXIT.notFound}  no object with this id
  ${EXIT.conflict}  conflict with the current state
  ${EXIT.database}  the database is unavailable, rejects the connection or has an outdated schema
  ${EXIT.temporal}  Temporal does not answer

Examples:
  $ rx org create "Example Clinic"
  $ rx key create --org <id> --name backend --scopes orders:write,orders:read --expires 365d
  $ rx case import cases.ndjson --org <id>
  $ rx order list --status needs-attention
`;

/**
 * Runs one command of the operators' command line.
 *
 * @param args the arguments after the program's name.
 * @param help advice for the case that the database cannot be used, see {@link failureOf}.
 * @returns the exit code. Never rejects.
 */
export async function runCommandLine(
  args: readonly string[],
  context: Omit<CliContext, 'about'>,
  help: { connect: string; migrate: string },
): Promise<number> {
  let exitCode: ExitCode = EXIT.ok;
  const recorder = createRecorder(context);
  const program = createProgram(recorder.context, (code) => {
    exitCode = code;
  });
  program.hook('preAction', (_program, command) => recorder.begin(command));
  try {
    await program.parseAsync(args, { from: 'user' });
    await recorder.done(exitCode);
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) {
      await recorder.failed(EXIT.usage);
      // Commander has already printed the error. `--help` has the exit code 0.
      return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    }
    const failure = failureOf(error, help);
    await recorder.failed(failure.exitCode);
    context.stderr.write(`${failure.message}\n`);
    return failure.exitCode;
  }
}

/**
 * Defines all commands. Each one declares its action in the audit log, or why it needs none.
 *
 * @param endWith sets the exit code of a command that succeeded but reports a problem.
 */
export function createProgram(context: CliContext, endWith: (exitCode: ExitCode) => void): Command {
  const program = new Command('rx')
    .description('Manage orders, organizations, keys, cases, pharmacies and webhooks.')
    .version(packageVersion(), '-V, --version', 'print the version')
    .addHelpText('after', HELP)
    .showHelpAfterError('(--help shows all options, with examples)')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
    });
  // Commands inherit the settings above when they are added.
  addOrganizationCommands(program, context);
  addKeyCommands(program, context);
  addEncryptionKeyCommands(program, context, endWith);
  addCaseCommands(program, context);
  addPharmacyCommands(program, context, endWith);
  addOrderCommands(program, context);
  addInboxCommands(program, context);
  addWebhookCommands(program, context, endWith);
  addAuditCommands(program, context, endWith);
  addListenCommand(program, context);
  addDoctorCommand(program, context, endWith);
  addConsoleCommand(program, context);
  addStatsCommand(program, context);
  addSetupCommand(program, context, endWith);
  addCompletionCommand(program, context);
  addBackupCommands(program, context);
  addRestoreCommands(program, context);
  return program;
}
