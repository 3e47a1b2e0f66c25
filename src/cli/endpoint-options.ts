import { type Command, Option } from 'commander';
import { EVENT_NAMES, type EventName } from '../contract/case-activity.ts';
import type { Parsed } from '../contract/validation.ts';
import { label, listOf } from './arguments.ts';
import { UsageError } from './command-errors.ts';
import type { CliContext } from './context.ts';
import { readSecret } from './secrets.ts';

/** What an endpoint is to be, as the options tell it. */
export interface EndpointOptions {
  url?: string;
  events?: EventName[] | 'all';
  description?: string;
  documentFormat?: string;
  payloadMode?: string;
  headerName?: string;
  headerValueFile?: string;
  headerValueEnv?: string;
}

/** Adds the options of {@link EndpointOptions} but `--url`. */
export function addEndpointOptions(command: Command): Command {
  return command
    .option('--events <list>', `all, or of ${EVENT_NAMES.join(', ')}`, (text: string) =>
      text === 'all' ? text : listOf(EVENT_NAMES)(text.toUpperCase()),
    )
    .option('--description <text>', 'for people', label)
    .addOption(
      new Option('--document-format <format>', 'documents as links or in the body').choices([
        'url',
        'base64',
      ]),
    )
    .addOption(
      new Option('--payload-mode <mode>', 'full: with the whole case').choices(['event', 'full']),
    )
    .option('--header-name <name>', 'a header that every request carries')
    .option('--header-value-file <file>', "that header's value: a file, or - for standard input")
    .option('--header-value-env <name>', "that header's value: a variable");
}

/** Reads the options into a body of the API, with the header's value from where they say. */
export async function endpointBody(
  context: CliContext,
  options: EndpointOptions,
): Promise<Record<string, unknown>> {
  const value = await readSecret(
    context,
    'header-value',
    { file: options.headerValueFile, variable: options.headerValueEnv },
    { blanks: true },
  );
  if ((value === undefined) !== (options.headerName === undefined)) {
    throw new UsageError('--header-name and --header-value-file or -env go together');
  }
  return {
    url: options.url,
    events: options.events === 'all' ? null : options.events,
    description: options.description,
    documentFormat: options.documentFormat,
    payloadMode: options.payloadMode,
    ...(value === undefined ? {} : { authHeader: { name: options.headerName, value } }),
  };
}

/** What the API's own rules let through. @throws {UsageError} with every rule that is broken. */
export function accepted<T>(parsed: Parsed<T>): T {
  if (parsed.ok) return parsed.value;
  throw new UsageError(parsed.errors.map(({ message }) => message).join('\n'));
}
