import { access } from 'node:fs/promises';
import { createDocumentStore, type DocumentSettings } from '../documents/create-document-store.ts';
import { probeStore } from '../documents/probe-store.ts';
import { foreignLookup } from '../egress/foreign-lookup.ts';
import { codeOf } from '../lib/safe-error.ts';
import { createPharmacyDirectory } from '../pharmacy/directory.ts';
import { probePharmacy } from '../pharmacy/probe.ts';
import { listPharmacies } from '../pharmacy/registry.ts';
import { type Database, withTimeout } from '../storage/database.ts';
import { missingMigrations, requireKnownSchema } from '../storage/migrate.ts';
import { requirePostgresVersion } from '../storage/postgres-version.ts';
import { type Backlogs, readBacklogs } from './backlogs.ts';
import { findUnreadableOrders } from './unreadable-orders.ts';

/** The result of one check. */
export interface Finding {
  readonly check: string;
  /** `warn`: an operator should investigate; `fail`: orders or webhooks are not processed. */
  readonly result: 'ok' | 'warn' | 'fail';
  /** For people; it contains no names except those of pharmacies. */
  readonly message: string;
}

const MINUTE = 60;
/** The maximum number of pharmacies that are tested, and the timeout of each test. */
const MAX_PHARMACIES = 20;
const PHARMACY_TIMEOUT_MS = 3_000;
/** The maximum number of ids in a message. */
const MAX_SHOWN = 5;

/**
 * Checks everything that orders and webhooks depend on. A check that throws becomes a finding with the
 * result `fail`; this function never rejects.
 *
 * @param checkTemporal resolves when Temporal answers, and rejects when it does not. It resolves with what is
 *   wrong with the namespace; undefined if orders can start there.
 * @param documents where documents are stored; undefined: unknown here.
 */
export async function examine(
  database: Database,
  checkTemporal: () => Promise<string | undefined>,
  documents: DocumentSettings | undefined,
): Promise<Finding[]> {
  const temporal = await attempt('temporal', async () => {
    const problem = await checkTemporal();
    if (problem === undefined) return [ok('temporal', 'answers')];
    return [{ check: 'temporal', result: 'fail', message: problem }];
  });
  const store = await attempt('documents', async () => [await checkDocuments(documents)]);
  const postgres = await attempt('postgres', async () => {
    await withTimeout(requirePostgresVersion(database));
    return [ok('postgres', 'answers')];
  });
  if (postgres.some(({ result }) => result === 'fail')) return [...postgres, ...temporal, ...store];
  const migrations = await attempt('migrations', async () => {
    await requireKnownSchema(database);
    const missing = await missingMigrations(database);
    if (missing.length === 0) return [ok('migrations', 'all applied')];
    return [{ check: 'migrations', result: 'fail', message: `not applied: ${missing.join(' ')}` }];
  });
  if (migrations.some(({ result }) => result === 'fail')) {
    return [...postgres, ...migrations, ...temporal, ...store];
  }
  const backlogs = await attempt('backlogs', async () => judge(await readBacklogs(database)));
  const seals = await attempt('seals', async () => [await checkSeals(database)]);
  const pharmacies = await attempt('pharmacies', () => testPharmacies(database));
  const parts = [...postgres, ...migrations, ...temporal, ...store];
  return [...parts, ...backlogs, ...seals, ...pharmacies];
}

async function attempt(check: string, run: () => Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await run();
  } catch (error) {
    return [{ check, result: 'fail', message: codeOf(error) }];
  }
}

function judge({ outbox, reconciler, orders, deliveries }: Backlogs): Finding[] {
  const { failing, depth, oldestSeconds, lastError } = outbox;
  const { lagSeconds, lastRoundAt, restarted, orphans, unmatched } = reconciler;
  const inactiveEndpoints =
    deliveries.failingEndpoints + deliveries.pausedEndpoints + deliveries.disabledEndpoints;
  return [
    {
      check: 'outbox',
      result: grade(oldestSeconds, MINUTE, 10 * MINUTE, failing > 0),
      message:
        `${depth} rows, the oldest ${time(oldestSeconds)} old, ${failing} failing` +
        (lastError === null ? '' : ` (${lastError})`),
    },
    {
      check: 'reconciler',
      result: grade(lagSeconds, 5 * MINUTE, 60 * MINUTE),
      message: `last run ${lastRoundAt?.toISOString() ?? 'never'}, compared up to ${time(lagSeconds)} ago`,
    },
    {
      check: 'workflows',
      result: grade(0, 1, 1, orders.withoutWorkflow > 0 || orphans > 0),
      message: `${orders.withoutWorkflow} open orders without a workflow, ${orphans} workflows without an open order, ${restarted} restarted in total`,
    },
    {
      check: 'orders',
      result: grade(0, 1, 1, orders.needingAttention > 0),
      message: `${orders.needingAttention} need attention`,
    },
    {
      check: 'delays',
      result: grade(0, 1, 1, orders.delayed > 0),
      message: `${orders.delayed} orders delayed, the oldest for ${time(orders.oldestDelaySeconds)}`,
    },
    {
      check: 'inbox',
      result: grade(0, 1, 1, unmatched > 0),
      message: `${unmatched} pharmacy messages without an order for more than an hour`,
    },
    {
      check: 'deliveries',
      result: grade(deliveries.overdueSeconds, 5 * MINUTE, 60 * MINUTE, deliveries.dead > 0),
      message: `${deliveries.pending} pending, ${deliveries.retrying} retrying, ${deliveries.dead} dead letters, overdue ${time(deliveries.overdueSeconds)}`,
    },
    {
      check: 'endpoints',
      result: grade(0, 1, 1, inactiveEndpoints > 0),
      message: `${deliveries.failingEndpoints} failing, ${deliveries.pausedEndpoints} paused, ${deliveries.disabledEndpoints} disabled`,
    },
  ];
}

async function checkSeals(database: Database): Promise<Finding> {
  const { checked, unreadable } = await withTimeout(findUnreadableOrders(database));
  const shown = unreadable.slice(0, MAX_SHOWN).join(' ');
  return {
    check: 'seals',
    result: grade(0, 1, 1, unreadable.length > 0),
    message:
      `${checked} orders that changed last decrypted, ${unreadable.length} unreadable` +
      (shown === '' ? '' : `: ${shown}`),
  };
}

async function checkDocuments(settings: DocumentSettings | undefined): Promise<Finding> {
  const check = 'documents';
  if (settings === undefined) {
    return ok(check, 'not checked, because rx has no DOCUMENTS_S3_BUCKET or DOCUMENTS_DIR');
  }
  if ('folder' in settings) {
    // The first document creates the folder, as the worker's account; a probe would create it as the operator's.
    const exists = await access(settings.folder).then(
      () => true,
      () => false,
    );
    if (!exists) return { check, result: 'warn', message: 'the folder does not exist' };
  }
  const problem = await probeStore(await createDocumentStore(settings));
  if (problem !== undefined) return { check, result: 'fail', message: `a file ${problem}` };
  return ok(check, 'a file can be stored, read and removed');
}

/** Tests the active pharmacies in the same way as `rx pharmacy test`. */
async function testPharmacies(database: Database): Promise<Finding[]> {
  const all = await listPharmacies(database);
  const active = all.filter((each) => each.active).slice(0, MAX_PHARMACIES);
  const directory = createPharmacyDirectory(database, {
    timeoutMs: PHARMACY_TIMEOUT_MS,
    // The probe fetches no documents.
    foreign: { policy: { sandbox: false }, lookup: foreignLookup },
  });
  const tested = await Promise.all(
    active.map(async ({ id }) => {
      const gateway = await directory.gateway(id);
      const code = gateway === undefined ? 'UNKNOWN_KIND' : (await probePharmacy(gateway)).code;
      return code === null ? [] : [`${id} ${code}`];
    }),
  );
  const faults = tested.flat();
  const off = all.filter((each) => !each.active).length;
  return [
    {
      check: 'pharmacies',
      result: grade(0, 1, 1, faults.length > 0 || off > 0),
      message: [`${active.length} tested, ${off} disabled`, ...faults].join('; '),
    },
  ];
}

function ok(check: string, message: string): Finding {
  return { check, result: 'ok', message };
}

/** @param warning whether the result is at least a warning, whatever the time is. */
function grade(seconds: number, warn: number, fail: number, warning = false): Finding['result'] {
  if (seconds >= fail) return 'fail';
  return warning || seconds >= warn ? 'warn' : 'ok';
}

function time(seconds: number): string {
  if (seconds < 2 * MINUTE) return `${Math.round(seconds)} s`;
  return seconds < 120 * MINUTE
    ? `${Math.round(seconds / MINUTE)} min`
    : `${Math.round(seconds / MINUTE / MINUTE)} h`;
}
