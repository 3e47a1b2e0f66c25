import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, Option } from 'commander';
import { ACTIVE_KEY_KEPT_MS } from '../keys/data-keys.ts';
import { requireOrganization } from '../organizations/organizations.ts';
import type { Database } from '../storage/database.ts';
import { countStale, type Resealed, reseal } from '../upkeep/reseal.ts';
import {
  destroyOldKeys,
  missingMasterKeys,
  readKeyStatus,
  rewrapDataKeys,
  rotateDataKeys,
} from '../upkeep/rotate-keys.ts';
import { jsonOption, withExamples } from './arguments.ts';
import { recorded, unrecorded } from './command-audit.ts';
import { EXIT, type ExitCode, UsageError } from './command-errors.ts';
import type { CliContext } from './context.ts';
import { printFields, printJson, printTable } from './output.ts';
import { createProgressBar } from './progress-bar.ts';

/**
 * How long after a rotation no process stores values any more that are encrypted with the old key:
 * processes cache the active key, and `openDatabase` limits the duration of statements and transactions.
 */
const SETTLE_MS = ACTIVE_KEY_KEPT_MS + 15_000;

/**
 * Adds `rx keys …`: the keys that encrypt patient data and secrets.
 *
 * @param endWith sets the exit code to that of a failure when a value cannot be decrypted.
 */
export function addEncryptionKeyCommands(
  program: Command,
  context: CliContext,
  endWith: (exitCode: ExitCode) => void,
): void {
  const group = program
    .command('keys')
    .description('manage the keys that encrypt patient data and secrets (for API keys see rx key)');
  addStatus(group, context);
  addRotate(group, context, endWith);
}

function addStatus(group: Command, context: CliContext): void {
  const command = group
    .command('status')
    .description('show which keys are in use')
    .addOption(jsonOption())
    .action(async ({ json }: { json?: boolean }) => {
      const connection = await context.connect();
      const { database } = connection;
      const provider = connection.masterKeys();
      const dataKeys = await readKeyStatus(database);
      const missing = await missingMasterKeys(database, provider);
      const stale = [...(await countStale(database))].filter(([, count]) => count > 0);
      if (json) {
        const { keyIds: masterKeys } = provider;
        return printJson(context, {
          masterKeys,
          missing,
          dataKeys,
          stale: Object.fromEntries(stale),
        });
      }
      printFields(context, {
        'master keys': `${provider.keyIds.join(', ')} (the first is active)`,
        'to re-encrypt': stale.map(([name, count]) => `${name} ${count}`).join(', ') || 'nothing',
      });
      printTable(
        context,
        ['owner', 'data key', 'since', 'master key', 'available', 'old keys'],
        dataKeys.map((each) => [
          ...[each.organizationId ?? 'the deployment', each.activeKeyId, each.since],
          ...[each.masterKeyId, !missing.includes(each.masterKeyId), each.oldKeys],
        ]),
      );
    });
  unrecorded(command, 'it shows no key');
  withExamples(command, 'rx keys status');
}

interface RotateOptions {
  org?: string;
  deployment?: boolean;
  all?: boolean;
  master?: boolean;
  resume?: boolean;
  json?: boolean;
}

function addRotate(
  group: Command,
  context: CliContext,
  endWith: (exitCode: ExitCode) => void,
): void {
  const command = group
    .command('rotate')
    .description('create new data keys, and re-encrypt with them what the old keys encrypt')
    .option('--org <id>', 'rotate the key of this organization')
    .option('--deployment', 'rotate the key of the deployment, which encrypts pharmacy credentials')
    .option('--all', 'rotate the keys of all organizations and of the deployment')
    .option('--resume', 'create no new keys; continue an interrupted rotation')
    .addOption(
      new Option('--master', 'only rewrap all data keys with the active master key').conflicts([
        ...['org', 'deployment', 'all', 'resume'],
      ]),
    )
    .addOption(jsonOption())
    .action(async (options: RotateOptions) => {
      const connection = await context.connect();
      const { database } = connection;
      const provider = connection.masterKeys();
      if (options.master) {
        const rewrapped = await rewrapDataKeys(database, provider);
        if (options.json) return printJson(context, { rotation: { rewrapped } });
        return printFields(context, { 'rewrapped data keys': rewrapped });
      }
      const owners = await ownersOf(database, options);
      const rotated = await rotateDataKeys(database, provider, owners);
      const { done: resealed, broken } = await resealAll(context, database, rotated > 0);
      if (broken.length > 0) endWith(EXIT.failed);
      const destroyed = await destroyOldKeys(database, SETTLE_MS);
      if (options.json)
        return printJson(context, { rotation: { rotated, resealed, destroyed, broken } });
      printFields(context, {
        'new data keys': rotated,
        're-encrypted values': resealed,
        'destroyed data keys': destroyed,
        ...(broken.length > 0 ? { 'cannot be decrypted, unchanged': broken } : {}),
      });
    });
  recorded(command, 'KEYS_ROTATED', 'change');
  command.addHelpText(
    'after',
    `
Servers and workers need no restart. To change the master key:
  1. Put the new key first in ENCRYPTION_KEYS (or set KMS_KEY_ID, and move the old id to KMS_OLD_KEY_IDS).
  2. Restart every process.
  3. Run rx keys rotate --master.
  4. Remove the old key when rx keys status no longer lists it.`,
  );
  withExamples(
    command,
    'rx keys rotate --all',
    'rx keys rotate --org 0198a000-0000-7000-8000-000000000001',
    'rx keys rotate --resume',
    'rx keys rotate --master',
  );
}

async function ownersOf(database: Database, options: RotateOptions): Promise<(string | null)[]> {
  const { org, deployment, all, resume } = options;
  const chosen = [org, deployment, all, resume].filter((each) => each !== undefined);
  if (chosen.length !== 1) {
    throw new UsageError(
      'exactly one of --org, --deployment, --all, --resume and --master is required',
    );
  }
  if (org !== undefined) {
    await requireOrganization(database, org);
    return [org];
  }
  if (deployment) return [null];
  if (!all) return [];
  return (await readKeyStatus(database)).map(({ organizationId }) => organizationId);
}

/**
 * Re-encrypts all values that old data keys encrypt. After a rotation it does so twice, because running
 * processes use the old keys until their caches expire.
 */
async function resealAll(
  context: CliContext,
  database: Database,
  justRotated: boolean,
): Promise<Resealed> {
  const { stopping, stderr } = context;
  const bar = createProgressBar(stderr);
  const total = [...(await countStale(database)).values()].reduce((a, b) => a + b, 0);
  const show = (done: number) =>
    bar.show(total === 0 ? 1 : done / total, `${done.toLocaleString('en-US')} re-encrypted`);
  try {
    const first = await reseal(database, show, stopping);
    if (!justRotated || stopping.aborted) return first;
    bar.show(1, 'waiting for processes that still use the old keys');
    await sleep(SETTLE_MS, undefined, { signal: stopping }).catch(() => undefined);
    const second = await reseal(database, () => undefined, stopping);
    return { done: first.done + second.done, broken: second.broken };
  } finally {
    bar.end();
  }
}
