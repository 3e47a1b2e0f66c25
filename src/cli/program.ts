import { Command, CommanderError } from 'commander';
import { addKeyCommands } from './api-keys.ts';
import { addAuditCommands } from './audit.ts';
import { addCaseCommands } from './case.ts';
import { EXIT, type ExitCode, failureOf } from './command-errors.ts';
import type { CliContext } from './context.ts';
import { addDoctorCommand } from './doctor.ts';
import { addEncryptionKeyCommands } from './encryption-keys.ts';
import { addInboxCommands } from './inbox.ts';
import { addListenCommand } from './listen.ts';
import { addOrderCommands } from './order.ts';
import { addOrganizationCommands } from './org.ts';
import { addPharmacyCommands } from './pharmacy.ts';
import { createRecorder } from './recorder.ts';
import { addWebhookCommands } from './webhook.ts';

const HELP = `
Works on the database of DATABASE_URL, with its HASH_SECRET and ENCRYPTION_KEYS; without DATABASE_URL on the sandbox of
npm start (DATA_DIR, POSTGRES_PORT). Results go to stdout, everything else to stderr. What concerns patients, keys
and secrets is recorded in the audit log under the name RX_OPERATOR, else your account's.

Exit codes:
  ${EXIT.ok}  done
  ${EXIT.failed}  failed, also: a pharmacy or an endpoint that was tested does not serve us,
     or rx doctor found what stands still
  ${EXIT.usage}  a wrong argument, option, variable or input file
  ${EXIT.notFound}  there is none of this id
  ${EXIT.conflict}  it does not go with what is there
  ${EXIT.database}  the database cannot be used: away, refusing us, or its schema is not current
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
 * @param args the command line, from behind the program's name.
 * @param help what helps when the database cannot be used, see {@link failureOf}.
 * @returns the exit code. Never throws.
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
      // It said why. Help that was asked for has the exit code 0.
      return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    }
    const failure = failureOf(error, help);
    await recorder.failed(failure.exitCode);
    context.stderr.write(`${failure.message}\n`);
    return failure.exitCode;
  }
}

/**
 * The commands; every one of them says what it is called in the audit log.
 *
 * @param endWith tells the exit code of a command that did what it was asked.
 */
export function createProgram(context: CliContext, endWith: (exitCode: ExitCode) => void): Command {
  const program = new Command('rx')
    .description(
      'What operators do with orders, organizations, keys, cases, pharmacies and webhooks.',
    )
    .addHelpText('after', HELP)
    .showHelpAfterError('(--help shows what there is, with examples)')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
    });
  // Commands inherit what stands above when they are added.
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
  return program;
}
