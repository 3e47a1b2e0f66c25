import { runPeriodically } from '../lib/run-periodically.ts';
import { codeOf } from '../lib/safe-error.ts';
import type { Log } from '../process/log.ts';
import { type Sql, withTimeout } from '../storage/database.ts';

/** What happens with a pharmacy: our calls to it, and its webhooks. */
export type ActivityKind = 'place' | 'find' | 'get' | 'cancel' | 'download' | 'webhook';

/** The code of what succeeded. */
export const SUCCEEDED = 'ok';
/** The code of an order that the pharmacy refuses: the pharmacy works, and its own code would not be bounded. */
export const REFUSED = 'ORDER_REFUSED';

/** Counts what happens with pharmacies, for operators. */
export interface PharmacyActivity {
  /**
   * Counts a call or a webhook. Pass only pharmacies that are set up: anybody can invent ids.
   *
   * @param code {@link SUCCEEDED}, or why it failed, from a bounded list.
   * @param durationMs how long a call took, in milliseconds.
   */
  note(pharmacyId: string, kind: ActivityKind, code: string, durationMs?: number): void;
  /** Stores what is counted, and ends. */
  stop(): Promise<void>;
}

/** How often counts are stored, in milliseconds: often enough to watch, and no cost for an order. */
const STORE_EVERY_MS = 10_000;
/** For how long the hours are kept. */
const KEPT_DAYS = 8;

interface Count {
  readonly pharmacyId: string;
  readonly hour: string;
  readonly kind: ActivityKind;
  readonly code: string;
  count: number;
  durationMs: number;
  lastAt: string;
}

/** Starts counting. What was counted since the last time it was stored is lost in a crash: these are statistics. */
export function startPharmacyActivity(sql: Sql, log: Log): PharmacyActivity {
  let counts = new Map<string, Count>();
  let prunedHour: string | undefined;

  function add(given: Count): void {
    const { pharmacyId, hour, kind, code, count, durationMs, lastAt } = given;
    const key = [pharmacyId, hour, kind, code].join('\n');
    const known = counts.get(key);
    if (known === undefined) {
      counts.set(key, { ...given });
    } else {
      known.count += count;
      known.durationMs += durationMs;
      if (lastAt > known.lastAt) known.lastAt = lastAt;
    }
  }

  async function store(): Promise<false> {
    if (counts.size === 0) return false;
    const taken = [...counts.values()];
    counts = new Map();
    try {
      await withTimeout(storeCounts(sql, taken));
    } catch (error) {
      for (const each of taken) add(each);
      throw error;
    }
    const hour = hourOf(new Date());
    if (hour !== prunedHour) await withTimeout(pruneActivity(sql));
    prunedHour = hour;
    return false;
  }

  const task = runPeriodically({
    everyMs: STORE_EVERY_MS,
    round: store,
    onError: (error) =>
      log.warn('the activity of pharmacies is not stored', { code: codeOf(error) }),
  });
  return {
    note(pharmacyId, kind, code, durationMs = 0) {
      const now = new Date();
      add({
        ...{ pharmacyId, hour: hourOf(now), kind, code, count: 1 },
        ...{ durationMs: Math.round(durationMs), lastAt: now.toISOString() },
      });
    },
    async stop() {
      await task.stop();
      await store().catch(() => undefined);
    },
  };
}

function hourOf(time: Date): string {
  return `${time.toISOString().slice(0, 13)}:00:00Z`;
}

/** Adds counts to the stored ones, in the order of the key, so that two processes never wait for each other. */
async function storeCounts(sql: Sql, counts: readonly Count[]): Promise<void> {
  await sql`
    INSERT INTO pharmacy_activity (pharmacy_id, hour, kind, code, count, duration_ms, last_at)
    SELECT given."pharmacyId", hour, given.kind, code, count, "durationMs", "lastAt"
    FROM jsonb_to_recordset(${sql.json(counts.map((each) => ({ ...each })))}::jsonb) AS given (
      "pharmacyId" text, hour timestamptz, kind text, code text, count bigint,
      "durationMs" bigint, "lastAt" timestamptz)
    JOIN pharmacies ON pharmacies.id = "pharmacyId"
    ORDER BY 1, 2, 3, 4
    ON CONFLICT (pharmacy_id, hour, kind, code) DO UPDATE SET
      count = pharmacy_activity.count + excluded.count,
      duration_ms = pharmacy_activity.duration_ms + excluded.duration_ms,
      last_at = greatest(pharmacy_activity.last_at, excluded.last_at)`;
}

/** Deletes old hours. Rows that another process deletes at the same time are left to it. */
async function pruneActivity(sql: Sql): Promise<void> {
  await sql`
    DELETE FROM pharmacy_activity WHERE ctid = ANY(ARRAY(
      SELECT ctid FROM pharmacy_activity WHERE hour < now() - ${KEPT_DAYS} * interval '1 day'
      LIMIT 10000 FOR UPDATE SKIP LOCKED))`;
}
