import { type Command, Option } from 'commander';
import { EVENT_NAMES, type EventName } from '../contract/case-activity.ts';
import type { Parsed } from '../contract/validation.ts';
import { label, listOf } from './arguments.ts';
import { UsageError } from './command-errors.ts';
import type { CliContext } from './context.ts';
import { readSecret } from './read-secret.ts';

/** The options that describe a webhook endpoint. */
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

/** Adds the options of {@link EndpointOptions}, except `--url`. */
export function addEndpointOptions(command: Command): Command {
  return command
    .option('--events <list>', `all, or a list of ${EVENT_NAMES.join(', ')}`, (text: string) =>
      text === 'all' ? text : listOf(EVENT_NAMES)(text.toUpperCase()),
    )
    .option('--description <text>', 'a note for people', label)
    .addOption(
      new Option('--document-format <format>', 'documents as links or as base64').choices([
        'url',
        'base64',
      ]),
    )
    .addOption(
      new Option('--payload-mode <mode>', 'full adds the whole case').choices(['event', 'full']),
    )
    .option('--header-name <name>', 'the name of a header in every request')
    .option('--header-value-file <file>', "a file with the header's value; - for standard input")
    .option('--header-value-env <name>', "a variable with the header's value");
}

/** Converts the options to a request body of the API, and reads the header's value from its source. */
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
    throw new UsageError(
      '--header-name needs --header-value-file or --header-value-env, and the reverse',
    );
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

/** Returns a value that passed the API's validation. @throws {UsageError} lists every violated rule. */
export function accepted<T>(parsed: Parsed<T>): T {
  if (parsed.ok) return parsed.value;
  throw new UsageError(parsed.errors.map(({ message }) => message).join('\n'));
}
