import { type Command, Option } from 'commander';
import { CONSOLE_ROLES, type ConsoleRole, createLogin } from '../operators/console-sessions.ts';
import { jsonOption, withExamples } from './arguments.ts';
import { recorded } from './command-audit.ts';
import type { CliContext } from './context.ts';
import { printJson } from './output.ts';

interface LoginOptions {
  as: string;
  role: ConsoleRole;
  json?: boolean;
}

/** Adds `rx console login`. */
export function addConsoleCommand(program: Command, context: CliContext): void {
  const group = program.command('console').description('log in to the operators’ console');
  const command = group
    .command('login')
    .description('print a link that logs in to the console, once within 15 minutes')
    .option('--as <operator>', 'your name', context.operator.actor)
    .addOption(
      new Option('--role <role>', 'what you may do there')
        .choices(CONSOLE_ROLES)
        .default('operator'),
    )
    .addOption(jsonOption())
    .action(async ({ as: operator, role, json }: LoginOptions) => {
      const { database, consoleUrl } = await context.connect();
      const key = await createLogin(database, { operator, role });
      const url = `${consoleUrl}/login?key=${key}`;
      if (json) return printJson(context, { url });
      context.stdout.write(`${url}\n`);
    });
  recorded(command, 'CONSOLE_LINK_CREATED', 'change');
  withExamples(command, 'rx console login', 'rx console login --as anna --role viewer');
}
