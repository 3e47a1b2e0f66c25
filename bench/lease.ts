import { randomUUID } from 'node:crypto';
import { urlOfRole } from '../sandbox/database-url.ts';
import { leaseRows } from '../src/engine/outbox.ts';
import { type Database, openDatabase } from '../src/storage/database.ts';
import { withBenchDatabase } from './bench-database.ts';

// Measures what leasing from the outbox costs with many rows, and with rows of many organizations, compared
// with 100 rows of one organization. The last line has the ratios of the medians.

/** A busy machine may stop for seconds. */
const LIMIT = { statementLimitMs: 600_000 };
const LEASES = 200;
/** As many rows as a worker starts at once. */
const ROWS = 4;

/** Rows of the outbox: of so many organizations, so many starts and other rows of each. */
const OUTBOXES = {
  few: { organizations: 1, starts: 100, others: 0 },
  manyRows: { organizations: 1, starts: 100_000, others: 0 },
  manyOthers: { organizations: 1, starts: 100, others: 100_000 },
  manyOrganizations: { organizations: 1_000, starts: 10, others: 0 },
} as const;

await withBenchDatabase(async (create) => {
  const medians: Record<string, number> = {};
  for (const [name, outbox] of Object.entries(OUTBOXES)) {
    const url = await create(`lease_${name.toLowerCase()}`);
    const owner = openDatabase(url, 1, LIMIT);
    const worker = openDatabase(urlOfRole(url, 'worker'), 1, LIMIT);
    for (let n = 0; n < outbox.organizations; n += 1) await insertOrders(owner, outbox);
    await owner`ANALYZE`;
    for (const lane of ['starts', 'others'] as const) {
      medians[`${name}.${lane}`] = await medianOfLeases(worker, lane);
      console.log(`${name}, ${lane}: ${medians[`${name}.${lane}`]?.toFixed(2)} ms`);
    }
    await Promise.all([owner.end(), worker.end()]);
  }
  const ratio = (name: string, lane: string) =>
    Number(((medians[`${name}.${lane}`] ?? 0) / (medians[`few.${lane}`] ?? 1)).toFixed(2));
  console.log(
    JSON.stringify({
      leaseOf100000Rows: ratio('manyRows', 'starts'),
      leaseBeside100000OtherRows: ratio('manyOthers', 'starts'),
      emptyLeaseBeside100000Rows: ratio('manyRows', 'others'),
      leaseOf1000Organizations: ratio('manyOrganizations', 'starts'),
    }),
  );
});

async function insertOrders(
  owner: Database,
  { starts, others }: { readonly starts: number; readonly others: number },
): Promise<void> {
  const [organizationId, caseId] = [randomUUID(), randomUUID()];
  await owner`INSERT INTO organizations (id, name) VALUES (${organizationId}, 'bench')`;
  await owner`
    INSERT INTO cases (id, organization_id, patient, data_key)
    VALUES (${caseId}, ${organizationId}, 'sealed', 'sealed')`;
  for (const [kind, count] of [
    ['start', starts],
    ['completion', others],
  ] as const) {
    await owner`
      WITH placed AS (
        INSERT INTO orders (id, organization_id, case_id, pharmacy_id, status, fingerprint)
        SELECT gen_random_uuid(), ${organizationId}, ${caseId}, 'a-pharmacy', 'ACCEPTED', ''
        FROM generate_series(1, ${count})
        RETURNING id)
      INSERT INTO outbox (order_id, organization_id, kind)
      SELECT id, ${organizationId}, ${kind} FROM placed`;
  }
}

/** Leases for no time, so that the rows are due again at once. */
async function medianOfLeases(worker: Database, lane: 'starts' | 'others'): Promise<number> {
  const times: number[] = [];
  for (let n = 0; n < LEASES; n += 1) {
    const start = performance.now();
    await leaseRows(worker, lane, ROWS, 0);
    times.push(performance.now() - start);
  }
  return times.toSorted((a, b) => a - b)[LEASES / 2] ?? 0;
}
