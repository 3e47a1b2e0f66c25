import { findEndingEpoch, recordRunsEnded } from '../storage/epoch.ts';
import type { SweepDependencies } from './sweep.ts';

/** Workflows ended in one step. */
const PAGE = 200;
const REASON = 'Postgres was restored. Its open orders start again from what it knows.';

/**
 * After a restore of Postgres, ends the next workflow runs of orders that began before it. They act on what Postgres no
 * longer knows. The sweep then starts the open orders again from Postgres (docs/adr/0048).
 *
 * @returns whether there may be more.
 */
export async function endEarlierRuns({
  database,
  workflows,
  log,
}: Pick<SweepDependencies, 'database' | 'workflows' | 'log'>): Promise<boolean> {
  const epoch = await findEndingEpoch(database);
  if (epoch === undefined) return false;
  const page = await workflows.list(epoch.begunAt, PAGE);
  // Temporal's search lags behind, so that a page may list runs that have just ended.
  const ended = await workflows.terminate(page, REASON);
  if (ended > 0)
    log.warn('ended workflow runs from before a restore of Postgres', { count: ended });
  if (page.length > 0) return true;
  await recordRunsEnded(database, epoch);
  return false;
}
