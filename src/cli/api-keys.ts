import { type Command, Option } from 'commander';
import {
  type ApiKey,
  createApiKey,
  listApiKeys,
  type NewApiKey,
  revokeApiKey,
  rotateApiKey,
  SCOPES,
} from '../organizations/api-keys.ts';
import type { Scope } from '../organizations/authenticate.ts';
import {
  expiry,
  futureTime,
  jsonOption,
  label,
  listOf,
  wholeNumber,
  withExamples,
} from './arguments.ts';
import { firstIs, recorded, unrecorded } from './command-audit.ts';
import type { CliContext } from './context.ts';
import { printFields, printJson, printTable } from './output.ts';

const DEFAULT_OVERLAP = '24h';

/** Adds `rx key …`: the API keys that backends send as `cv-api-key`. */
export function addKeyCommands(program: Command, context: CliContext): void {
  const group = program.command('key').description('manage the API keys of organizations');
  addCreate(group, context);
  addList(group, context);
  addRotate(group, context);
  addRevoke(group, context);
}

interface CreateOptions {
  org: string;
  name: string;
  scopes: Scope[];
  expires?: Date | 'never';
  rateLimit?: number;
  json?: boolean;
}

function addCreate(group: Command, context: CliContext): void {
  const create = group
    .command('create')
    .description('create a key, which is shown only once')
    .requiredOption('--org <id>', 'the organization')
    .requiredOption('--name <name>', 'what the key is for', label)
    .requiredOption('--scopes <list>', `a list of ${SCOPES.join(', ')}`, listOf(SCOPES))
    .addOption(
      new Option(
        '--expires <when>',
        'when the key expires: 90d, 2027-01-31, a time, or never (default: API_KEY_LIFETIME_DAYS, else never)',
      ).argParser(expiry),
    )
    .option(
      '--rate-limit <n>',
      'requests per second (default: RATE_LIMIT_PER_SECOND of the servers)',
      wholeNumber(1, 1_000_000),
    )
    .addOption(jsonOption())
    .action(async (options: CreateOptions) => {
      const { database, hashSecret, keyLifetimeDays } = await context.connect();
      const lifetime = keyLifetimeDays === undefined ? 'never' : expiry(`${keyLifetimeDays}d`);
      const expires = options.expires ?? lifetime;
      const created = await createApiKey(database, hashSecret(), {
        organizationId: options.org,
        name: options.name,
        scopes: options.scopes,
        expiresAt: expires === 'never' ? null : expires,
        rateLimitPerSecond: options.rateLimit ?? null,
      });
      context.about({ requestId: `key/${created.key.id}` });
      if (options.json) return printJson(context, { key: created.key, apiKey: created.secret });
      printNewKey(context, created);
    });
  recorded(create, 'KEY_CREATED', 'change');
  withExamples(
    create,
    'rx key create --org 0198a000-0000-7000-8000-000000000001 --name backend \\',
    '    --scopes orders:write,orders:read --expires 365d',
    'rx key create --org … --name nightly --scopes cases:write --json | jq -r .apiKey',
  );
}

function addList(group: Command, context: CliContext): void {
  const list = group
    .command('list')
    .description("list an organization's keys, oldest first, without the keys themselves")
    .requiredOption('--org <id>', 'the organization')
    .addOption(jsonOption())
    .action(async ({ org, json }: { org: string; json?: boolean }) => {
      const keys = await listApiKeys((await context.connect()).database, org);
      if (json) return printJson(context, { keys });
      printTable(
        context,
        ['id', 'name', 'state', 'scopes', 'per second', 'created', 'expires', 'revoked'],
        keys.map((key) => [
          ...[key.id, key.name, key.state, key.scopes, key.rateLimitPerSecond],
          ...[key.createdAt, key.expiresAt, key.revokedAt],
        ]),
      );
    });
  unrecorded(list, 'it shows no key');
  withExamples(list, 'rx key list --org 0198a000-0000-7000-8000-000000000001');
}

interface RotateOptions {
  overlap?: Date;
  expires?: Date | 'never';
  json?: boolean;
}

function addRotate(group: Command, context: CliContext): void {
  const rotate = group
    .command('rotate')
    .description('replace a key with a new one; the old key keeps working for a limited time')
    .argument('<id>', "the key's id")
    .option(
      '--overlap <until>',
      `how long the old key keeps working: 24h, 0s, or a time (default: ${DEFAULT_OVERLAP})`,
      futureTime,
    )
    .option(
      '--expires <when>',
      'when the new key expires: 90d, 2027-01-31, a time, or never (default: the lifetime of the old key)',
      expiry,
    )
    .addOption(jsonOption())
    .action(async (id: string, options: RotateOptions) => {
      const { database, hashSecret } = await context.connect();
      const rotated = await rotateApiKey(database, hashSecret(), id, {
        oldUntil: options.overlap ?? futureTime(DEFAULT_OVERLAP),
        expiresAt: options.expires === 'never' ? null : options.expires,
      });
      const { key, secret, old } = rotated;
      context.about({ organizationId: key.organizationId });
      if (options.json) return printJson(context, { key, apiKey: secret, replaced: old });
      printNewKey(context, rotated);
      context.stdout.write('\nreplaced key\n');
      printFields(context, { id: old.id, expires: old.expiresAt });
    });
  recorded(rotate, 'KEY_ROTATED', 'change', firstIs('key'));
  withExamples(
    rotate,
    'rx key rotate 0198a000-0000-7000-8000-000000000101',
    'rx key rotate 0198a000-0000-7000-8000-000000000101 --overlap 7d',
    'rx key rotate 0198a000-0000-7000-8000-000000000101 --overlap 0s   # it leaked',
  );
}

function addRevoke(group: Command, context: CliContext): void {
  const revoke = group
    .command('revoke')
    .description('revoke a key immediately; it is safe to repeat')
    .argument('<id>', "the key's id")
    .addOption(jsonOption())
    .action(async (id: string, { json }: { json?: boolean }) => {
      const key = await revokeApiKey((await context.connect()).database, id);
      context.about({ organizationId: key.organizationId });
      if (json) return printJson(context, { key });
      printFields(context, fieldsOf(key));
    });
  recorded(revoke, 'KEY_REVOKED', 'change', firstIs('key'));
  withExamples(revoke, 'rx key revoke 0198a000-0000-7000-8000-000000000101');
}

function printNewKey(context: CliContext, { key, secret }: NewApiKey): void {
  context.stdout.write(`${secret}\n`);
  context.stderr.write('save the key now: it is shown only once, and only its hash is stored\n\n');
  printFields(context, fieldsOf(key));
}

function fieldsOf(key: ApiKey) {
  return {
    id: key.id,
    organization: key.organizationId,
    name: key.name,
    state: key.state,
    scopes: key.scopes,
    'per second': key.rateLimitPerSecond,
    created: key.createdAt,
    expires: key.expiresAt,
    ...(key.revokedAt === null ? {} : { revoked: key.revokedAt }),
    ...(key.replacesKeyId === null ? {} : { replaces: key.replacesKeyId }),
  };
}
