import type { Command } from 'commander';
import { examine } from '../operators/doctor.ts';
import { jsonOption, withExamples } from './arguments.ts';
import { unrecorded } from './command-audit.ts';
import { EXIT, type ExitCode } from './command-errors.ts';
import type { CliContext } from './context.ts';
import { printJson, printTable } from './output.ts';

/**
 * Adds `rx doctor`, which checks whether orders and webhooks are processed.
 *
 * @param endWith sets the exit code to that of a failure when a check fails.
 */
export function addDoctorCommand(
  program: Command,
  context: CliContext,
  endWith: (exitCode: ExitCode) => void,
): void {
  const command = program
    .command('doctor')
    .description('check everything that orders and webhooks depend on')
    .addOption(jsonOption())
    .action(async ({ json }: { json?: boolean }) => {
      const { database, checkTemporal, documents } = await context.connect();
      const findings = await examine(database, checkTemporal, documents);
      if (findings.some(({ result }) => result === 'fail')) endWith(EXIT.failed);
      if (json) return printJson(context, { findings });
      printTable(
        context,
        ['check', 'result', 'details'],
        findings.map(({ check, result, message }) => [check, result, message]),
      );
    });
  unrecorded(command, 'it shows only counts and states');
  withExamples(
    command,
    'rx doctor',
    'rx doctor --json | jq \'.findings[] | select(.result != "ok")\'',
  );
}
