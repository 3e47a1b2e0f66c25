import { type Command, InvalidArgumentError, Option } from 'commander';
import { testPharmacy } from '../operators/test-pharmacy.ts';
import { PHARMACY_KINDS } from '../pharmacy/directory.ts';
import {
  addPharmacy,
  listPharmacies,
  type PharmacyRecord,
  readPharmacy,
  setPharmacyActive,
} from '../pharmacy/registry.ts';
import { WEBHOOK_AUTH_KINDS } from '../pharmacy/webhook-auth.ts';
import { MOST_COMPLETION_LIMIT_MS } from '../process/config-schema.ts';
import { durationMs, jsonOption, label, withExamples } from './arguments.ts';
import { firstIs, recorded, unrecorded } from './command-audit.ts';
import { EXIT, type ExitCode, UsageError } from './command-errors.ts';
import type { CliContext } from './context.ts';
import { printFields, printJson, printTable } from './output.ts';
import { addPharmacyAccess } from './pharmacy-access.ts';
import { addPharmacyCheck } from './pharmacy-check.ts';
import { type PharmacySecrets, readPharmacySecrets } from './pharmacy-secrets.ts';

/**
 * Adds `rx pharmacy …`: the pharmacies that receive orders.
 *
 * @param endWith sets the exit code to that of a failure when a tested pharmacy does not work.
 */
export function addPharmacyCommands(
  program: Command,
  context: CliContext,
  endWith: (exitCode: ExitCode) => void,
): void {
  const group = program
    .command('pharmacy')
    .description('manage the pharmacies that receive orders');
  addAdd(group, context);
  addList(group, context);
  addShow(group, context);
  addTest(group, context, endWith);
  addPharmacyCheck(group, context, endWith);
  addPharmacyAccess(group, context, (pharmacy, options) => {
    printPharmacy(context, pharmacy, options);
  });
  addSwitch(group, context, { name: 'enable', active: true, does: 'accept orders for a pharmacy' });
  addSwitch(group, context, {
    name: 'disable',
    active: false,
    does: 'place no new orders at a pharmacy; orders that it has continue',
  });
}

interface AddOptions extends PharmacySecrets {
  kind: string;
  baseUrl: URL;
  allowHttp?: boolean;
  completionLimit?: number;
  name?: string;
  onlyFor?: string[];
  replace?: boolean;
  json?: boolean;
}

function addAdd(group: Command, context: CliContext): void {
  const command = group
    .command('add')
    .description('add a pharmacy')
    .argument('<id>', "the pharmacy's id, which is the pharmacyId of orders", pharmacyId)
    .addOption(
      new Option('--kind <kind>', 'the protocol of its API')
        .choices(PHARMACY_KINDS)
        .default('rest'),
    )
    .option('--name <name>', 'its name for people (default: the id)', label)
    .option(
      '--only-for <organizations...>',
      'the ids of the organizations that may place orders there (default: all)',
    )
    .requiredOption('--base-url <url>', 'the base URL of its API', baseUrl)
    .option('--allow-http', 'allow a base URL without TLS on another machine')
    .option('--token-file <file>', 'a file with the token for its API; - for standard input')
    .option('--token-env <name>', 'a variable with the token for its API')
    .addOption(
      new Option('--webhook-auth <kind>', 'how its webhooks are authenticated; none: no webhooks')
        .choices(WEBHOOK_AUTH_KINDS)
        .default('none'),
    )
    .option('--webhook-username <name>', 'the user name, for basic')
    .option('--webhook-secret-file <file>', 'a file with the secret, password or token; or -')
    .option('--webhook-secret-env <name>', 'a variable with the secret, password or token')
    .option(
      '--completion-limit <time>',
      'how long an order may wait for completion, e.g. 14d, at most 366d (default: COMPLETION_LIMIT_MS)',
      completionLimitMs,
    )
    .option('--replace', 'replace the settings of an existing pharmacy with this id')
    .addOption(jsonOption())
    .action(async (id: string, options: AddOptions) => {
      requireTls(options);
      const { token, webhookAuth } = await readPharmacySecrets(context, options);
      const pharmacy = await addPharmacy(
        (await context.connect()).database,
        {
          id,
          kind: options.kind,
          baseUrl: options.baseUrl.href.replace(/\/+$/, ''),
          token,
          webhookAuth,
          completionLimitMs: options.completionLimit ?? null,
          name: options.name,
          onlyFor: options.onlyFor,
        },
        options.replace ?? false,
      );
      printPharmacy(context, pharmacy, options);
    });
  recorded(command, 'PHARMACY_ADDED', 'change', firstIs('pharmacy'));
  command.addHelpText(
    'after',
    `
Pass secrets in a file, a variable or standard input. They are not accepted as arguments, because every
process of the machine can read those.`,
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
    .description('list all pharmacies, without their secrets')
    .addOption(jsonOption())
    .action(async ({ json }: { json?: boolean }) => {
      const pharmacies = await listPharmacies((await context.connect()).database);
      if (json) return printJson(context, { pharmacies });
      printTable(
        context,
        [
          ...['id', 'name', 'kind', 'active', 'only for', 'base url', 'webhooks'],
          ...['completion limit', 'updated'],
        ],
        pharmacies.map((each) => [
          ...[each.id, each.name, each.kind, each.active, onlyForOf(each), each.baseUrl],
          ...[each.webhookAuth, limitOf(each), each.updatedAt],
        ]),
      );
    });
  unrecorded(command, 'it shows no secret');
  withExamples(command, 'rx pharmacy list');
}

function addShow(group: Command, context: CliContext): void {
  const command = group
    .command('show')
    .description('show a pharmacy, without its secrets')
    .argument('<id>', "the pharmacy's id")
    .addOption(jsonOption())
    .action(async (id: string, options: { json?: boolean }) => {
      printPharmacy(context, await readPharmacy((await context.connect()).database, id), options);
    });
  unrecorded(command, 'it shows no secret');
  withExamples(command, 'rx pharmacy show main-street');
}

function addTest(group: Command, context: CliContext, endWith: (exitCode: ExitCode) => void): void {
  const command = group
    .command('test')
    .description("read an order that does not exist, to test the pharmacy's base URL and token")
    .argument('<id>', "the pharmacy's id")
    .addOption(
      new Option('--timeout <time>', 'how long to wait')
        .default(10_000, '10s')
        .argParser(durationMs),
    )
    .addOption(jsonOption())
    .action(async (id: string, { timeout, json }: { timeout: number; json?: boolean }) => {
      const probe = await testPharmacy((await context.connect()).database, id, timeout);
      if (probe.code !== null) endWith(EXIT.failed);
      if (json) return printJson(context, { test: { pharmacyId: id, ...probe } });
      printFields(context, {
        pharmacy: id,
        reachable: probe.reachable,
        authorized: probe.authorized ?? 'unknown',
        ...(probe.code === null ? {} : { code: probe.code, problem: probe.problem }),
        latency: `${probe.latencyMs} ms`,
      });
    });
  recorded(command, 'PHARMACY_TESTED', 'read', firstIs('pharmacy'));
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
      const pharmacy = await setPharmacyActive((await context.connect()).database, id, active);
      printPharmacy(context, pharmacy, options);
    });
  recorded(
    command,
    active ? 'PHARMACY_ENABLED' : 'PHARMACY_DISABLED',
    'change',
    firstIs('pharmacy'),
  );
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
    name: pharmacy.name,
    kind: pharmacy.kind,
    active: pharmacy.active,
    'only for': onlyForOf(pharmacy),
    'base url': pharmacy.baseUrl,
    webhooks: pharmacy.webhookAuth,
    'completion limit': limitOf(pharmacy),
    created: pharmacy.createdAt,
    updated: pharmacy.updatedAt,
  });
}

/** The organizations that may place orders at a pharmacy; null: all. */
function onlyForOf({ onlyFor }: PharmacyRecord): string | null {
  if (onlyFor === null) return null;
  return onlyFor.length === 0 ? 'no organization' : onlyFor.join(' ');
}

function limitOf({ completionLimitMs }: PharmacyRecord): string | null {
  return completionLimitMs === null ? null : `${completionLimitMs / 1_000} s`;
}

/** Parses the limit of a pharmacy's orders, which is bounded as `COMPLETION_LIMIT_MS` is. */
function completionLimitMs(text: string): number {
  const ms = durationMs(text);
  if (ms > MOST_COMPLETION_LIMIT_MS) throw new InvalidArgumentError('It must be at most 366d.');
  return ms;
}

/** Parses a pharmacy's id, which is part of the URL of its webhooks. */
function pharmacyId(text: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._~-]{0,99}$/.test(text)) return text;
  throw new InvalidArgumentError(
    'It must be 1 to 100 letters, digits or -._~, and must begin with a letter or digit.',
  );
}

function baseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const known = url?.protocol === 'https:' || url?.protocol === 'http:';
  if (url === undefined || !known || url.username || url.password || url.search || url.hash) {
    throw new InvalidArgumentError(
      'It must be an http or https URL without user, password, query or fragment.',
    );
  }
  return url;
}

/** Requires https, because prescriptions and the token would otherwise be sent in clear text. */
function requireTls({ baseUrl: url, allowHttp }: AddOptions): void {
  const here = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
  if (url.protocol === 'https:' || here || allowHttp) return;
  throw new UsageError(
    '--base-url must be https, because prescriptions are sent there (see --allow-http)',
  );
}
