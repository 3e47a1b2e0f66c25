import { type Command, InvalidArgumentError, Option } from 'commander';
import { UnknownIdError } from '../lib/operator-errors.ts';
import { createPharmacyDirectory, PHARMACY_KINDS } from '../pharmacy/directory.ts';
import { probePharmacy } from '../pharmacy/probe.ts';
import {
  addPharmacy,
  listPharmacies,
  type PharmacyRecord,
  setPharmacyActive,
} from '../pharmacy/registry.ts';
import { durationMs, jsonOption, withExamples } from './arguments.ts';
import { recorded, unrecorded } from './command-audit.ts';
import { EXIT, type ExitCode, UsageError } from './command-errors.ts';
import type { CliContext } from './context.ts';
import { printFields, printJson, printTable } from './output.ts';
import {
  type PharmacySecrets,
  readPharmacySecrets,
  WEBHOOK_AUTH_KINDS,
} from './pharmacy-secrets.ts';

/**
 * `rx pharmacy …`: the pharmacies that orders go to.
 *
 * @param endWith tells the exit code of a command that did what it was asked.
 */
export function addPharmacyCommands(
  program: Command,
  context: CliContext,
  endWith: (exitCode: ExitCode) => void,
): void {
  const group = program.command('pharmacy').description('pharmacies that orders go to');
  addAdd(group, context);
  addList(group, context);
  addTest(group, context, endWith);
  addSwitch(group, context, { name: 'enable', active: true, does: 'let orders go to a pharmacy' });
  addSwitch(group, context, {
    name: 'disable',
    active: false,
    does: 'let no new order go to a pharmacy; what it has goes on',
  });
}

interface AddOptions extends PharmacySecrets {
  kind: string;
  baseUrl: URL;
  allowHttp?: boolean;
  completionLimit?: number;
  replace?: boolean;
  json?: boolean;
}

function addAdd(group: Command, context: CliContext): void {
  const command = group
    .command('add')
    .description('set a pharmacy up')
    .argument('<id>', 'its id, which orders name as pharmacyId', pharmacyId)
    .addOption(
      new Option('--kind <kind>', 'what it speaks').choices(PHARMACY_KINDS).default('rest'),
    )
    .requiredOption('--base-url <url>', 'where its API is', baseUrl)
    .option('--allow-http', 'allow a base URL without TLS that is not on this machine')
    .option('--token-file <file>', 'its token for us: a file, or - for standard input')
    .option('--token-env <name>', 'its token for us: a variable')
    .addOption(
      new Option('--webhook-auth <kind>', 'how its webhooks prove themselves; none: it sends none')
        .choices(WEBHOOK_AUTH_KINDS)
        .default('none'),
    )
    .option('--webhook-username <name>', 'for basic')
    .option('--webhook-secret-file <file>', 'secret, password or token: a file, or -')
    .option('--webhook-secret-env <name>', 'secret, password or token: a variable')
    .option(
      '--completion-limit <time>',
      "how long an order may wait for it, e.g. 14d (default: the deployment's)",
      durationMs,
    )
    .option('--replace', 'give the pharmacy of this id new settings, if there is one')
    .addOption(jsonOption())
    .action(async (id: string, options: AddOptions) => {
      requireTls(options);
      const { token, webhookAuth } = await readPharmacySecrets(context, options);
      const pharmacy = await addPharmacy(
        context.connect().database,
        {
          id,
          kind: options.kind,
          baseUrl: options.baseUrl.href.replace(/\/+$/, ''),
          token,
          webhookAuth,
          completionLimitMs: options.completionLimit ?? null,
        },
        options.replace ?? false,
      );
      printPharmacy(context, pharmacy, options);
    });
  recorded(command, 'PHARMACY_ADDED', 'change');
  command.addHelpText(
    'after',
    `
Secrets never stand on the command line, where every process of the machine can read them: they come
from a file, a variable or standard input.`,
  );
  withExamples(
    command,
    'rx pharmacy add main-street --base-url https://pharmacy.example.com/v1 \\',
    '    --token-file token.txt --webhook-auth standard-webhooks --webhook-secret-env HOOK_SECRET',
    'vault read -field=token rx/main-street | rx pharmacy add main-street --replace \\',
    '    --base-url https://pharmacy.example.com/v1 --token-file -',
  );
}

function addList(group: Command, context: CliContext): void {
  const command = group
    .command('list')
    .description('list all pharmacies; never their secrets')
    .addOption(jsonOption())
    .action(async ({ json }: { json?: boolean }) => {
      const pharmacies = await listPharmacies(context.connect().database);
      if (json) return printJson(context, { pharmacies });
      printTable(
        context,
        ['id', 'kind', 'active', 'base url', 'webhooks', 'completion limit', 'updated'],
        pharmacies.map((each) => [
          ...[each.id, each.kind, each.active, each.baseUrl, each.webhookAuth],
          ...[limitOf(each), each.updatedAt],
        ]),
      );
    });
  unrecorded(command, 'it shows no secret');
  withExamples(command, 'rx pharmacy list');
}

function addTest(group: Command, context: CliContext, endWith: (exitCode: ExitCode) => void): void {
  const command = group
    .command('test')
    .description(
      'ask a pharmacy for an order that no one placed: does it answer, and take our token?',
    )
    .argument('<id>', "the pharmacy's id")
    .addOption(
      new Option('--timeout <time>', 'longest wait').default(10_000, '10s').argParser(durationMs),
    )
    .addOption(jsonOption())
    .action(async (id: string, { timeout, json }: { timeout: number; json?: boolean }) => {
      const { database } = context.connect();
      const gateway = await createPharmacyDirectory(database, timeout).gateway(id);
      if (gateway === undefined) throw new UnknownIdError('pharmacy');
      const probe = await probePharmacy(gateway);
      if (probe.code !== null) endWith(EXIT.failed);
      if (json) return printJson(context, { test: { pharmacyId: id, ...probe } });
      printFields(context, {
        pharmacy: id,
        reachable: probe.reachable,
        authorized: probe.authorized ?? 'not known',
        ...(probe.code === null ? {} : { code: probe.code }),
        latency: `${probe.latencyMs} ms`,
      });
    });
  recorded(command, 'PHARMACY_TESTED', 'read');
  withExamples(
    command,
    'rx pharmacy test main-street',
    'rx pharmacy test main-street --timeout 2s',
  );
}

function addSwitch(
  group: Command,
  context: CliContext,
  { name, active, does }: { name: string; active: boolean; does: string },
): void {
  const command = group
    .command(name)
    .description(does)
    .argument('<id>', "the pharmacy's id")
    .addOption(jsonOption())
    .action(async (id: string, options: { json?: boolean }) => {
      const pharmacy = await setPharmacyActive(context.connect().database, id, active);
      printPharmacy(context, pharmacy, options);
    });
  recorded(command, active ? 'PHARMACY_ENABLED' : 'PHARMACY_DISABLED', 'change');
  withExamples(command, `rx pharmacy ${name} main-street`);
}

function printPharmacy(
  context: CliContext,
  pharmacy: PharmacyRecord,
  { json }: { json?: boolean },
): void {
  if (json) return printJson(context, { pharmacy });
  printFields(context, {
    id: pharmacy.id,
    kind: pharmacy.kind,
    active: pharmacy.active,
    'base url': pharmacy.baseUrl,
    webhooks: pharmacy.webhookAuth,
    'completion limit': limitOf(pharmacy),
  });
}

function limitOf({ completionLimitMs }: PharmacyRecord): string | null {
  return completionLimitMs === null ? null : `${completionLimitMs / 1_000} s`;
}

/** It stands in the URL of its webhooks. */
function pharmacyId(text: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._~-]{0,99}$/.test(text)) return text;
  throw new InvalidArgumentError(
    'It must be 1 to 100 letters, digits and -._~, and begin with a letter or digit.',
  );
}

function baseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const known = url?.protocol === 'https:' || url?.protocol === 'http:';
  if (url === undefined || !known || url.username || url.password || url.search || url.hash) {
    throw new InvalidArgumentError(
      'It must be an http or https URL without user, password, query and fragment.',
    );
  }
  return url;
}

/** Without TLS prescriptions and the token would travel in clear text. */
function requireTls({ baseUrl: url, allowHttp }: AddOptions): void {
  const here = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
  if (url.protocol === 'https:' || here || allowHttp) return;
  throw new UsageError('--base-url must be https: prescriptions go there (see --allow-http)');
}
