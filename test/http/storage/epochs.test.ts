import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { recordAudit } from '../../../src/audit/record-audit.ts';
import { sealAuditLog } from '../../../src/audit/seal-audit-log.ts';
import { verifyAuditLog } from '../../../src/audit/verify-audit-log.ts';
import { writeCursor } from '../../../src/lib/cursor.ts';
import { listEvents } from '../../../src/notifications/events/list-events.ts';
import { renewEpoch } from '../../../src/storage/epoch.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { eventually } from '../../support/eventually.ts';
import { createOrganization } from '../../support/organization.ts';

/*
 * What a restore does to positions in the commit order: in another cluster, transaction ids start again. Here the rows
 * that are already stored get higher positions than the cluster has reached, which is the same.
 */

let db: TestDatabase;
let organizationId: string;
beforeEach(async () => {
  db = await createTestDatabase();
  ({ organizationId } = await createOrganization(db.database));
});
afterEach(() => db.drop());

async function addEvent(): Promise<string> {
  const id = randomUUID();
  await db.asWorker`
    INSERT INTO events (id, organization_id, event, content)
    VALUES (${id}, ${organizationId}, 'ENDPOINT_DISABLED', '{"endpoint": {}}')`;
  return id;
}

async function addAuditRow(): Promise<void> {
  const by = { actorKind: 'system', actor: 'epoch-test' } as const;
  await recordAudit(db.asWorker, { ...by, action: 'TESTED', result: 'OK' });
}

/** The ids that a reader of the list gets from a cursor on, once no earlier transaction is open, and the last cursor. */
async function readEvents(count: number, after?: string) {
  return await eventually(`${count} events`, async () => {
    const query = { limit: 100, ...(after === undefined ? {} : { after }) };
    const events = await listEvents(db.database, organizationId, query);
    return (
      events.length >= count && { ids: events.map(({ id }) => id), last: events.at(-1)?.cursor }
    );
  });
}

async function sealAll(): Promise<void> {
  await eventually('every row is sealed', async () => {
    await sealAuditLog(db.asWorker);
    const [row] = await db.asSuperuser<{ sealed: boolean }[]>`
      SELECT (SELECT last_id FROM audit_head) = (SELECT max(id) FROM audit_log) AS sealed`;
    return row?.sealed;
  });
}

/** Moves all positions so far up, and the seals with them, as if the cluster had started again. */
async function startTransactionIdsAgain(): Promise<void> {
  const by = String(1n << 40n);
  await db.asSuperuser.begin(async (sql) => {
    await sql`SET LOCAL session_replication_role = replica`;
    const up = (column: string) =>
      sql`${sql(column)} = (${sql(column)}::text::bigint + ${by}::text::bigint)::text::xid8`;
    await sql`UPDATE events SET ${up('transaction_id')}`;
    await sql`UPDATE audit_log SET ${up('transaction_id')}`;
  });
}

it('begins no epoch while the cluster goes on', async () => {
  await addEvent();
  for (const role of [db.database, db.asServer, db.asWorker])
    expect(await renewEpoch(role)).toBeNull();
});

it('lists what was restored and then what is new, also from a cursor that is younger than the restore', async () => {
  const before = [await addEvent(), await addEvent()];
  const { last: cursor } = await readEvents(2);
  await startTransactionIdsAgain();
  // The fault that the epochs correct: the restored events are hidden.
  expect(await listEvents(db.database, organizationId, { limit: 100 })).toEqual([]);

  expect(await renewEpoch(db.asServer)).toBe('POSITIONS_WENT_BACK');
  expect(await renewEpoch(db.asServer)).toBeNull();
  const after = [await addEvent(), await addEvent()];
  expect((await readEvents(4)).ids).toEqual([...before, ...after]);
  // A cursor from the time between the backup and the restore, which the restored database does not know.
  const lost = writeCursor('events', [String((1n << 40n) + (1n << 39n)), '9']);
  expect((await readEvents(2, lost)).ids).toEqual(after);
  expect((await readEvents(4, cursor)).ids).toEqual([...before, ...after]);
});

it('seals go on after a restore, and the log is verified over both epochs', async () => {
  await addAuditRow();
  await startTransactionIdsAgain();
  expect(await renewEpoch(db.asWorker)).toBe('POSITIONS_WENT_BACK');
  await addAuditRow();
  await sealAll();
  const { problems, rows } = await verifyAuditLog(db.database);
  expect(problems).toEqual([]);
  expect(rows).toBeGreaterThanOrEqual(3);
  const actions = await db.database<{ action: string; result: string }[]>`
    SELECT action, result FROM audit_log WHERE actor IN ('epoch-test', 'epoch') ORDER BY transaction_id, id`;
  expect(actions.map(({ action, result }) => `${action} ${result}`)).toEqual([
    'TESTED OK',
    'EPOCH_BEGUN POSITIONS_WENT_BACK',
    'TESTED OK',
  ]);
});

it.each([
  ['1/00000001', 'CLUSTER_CHANGED', true],
  ['present/00000000', 'TIMELINE_CHANGED', false],
])('notices another cluster or timeline: %s', async (cluster, cause, endsRuns) => {
  await db.asSuperuser`
    UPDATE epochs SET cluster = replace(${cluster}, 'present', split_part(present_cluster(), '/', 1))`;
  expect(await renewEpoch(db.asWorker)).toBe(cause);
  const [epoch] =
    await db.asWorker`SELECT number, ends_runs FROM epochs ORDER BY number DESC LIMIT 1`;
  expect(epoch).toEqual({ number: 1, endsRuns });
});

it('lets one of many programs begin the epoch', async () => {
  await addEvent();
  await startTransactionIdsAgain();
  const causes = await Promise.all(Array.from({ length: 8 }, () => renewEpoch(db.asServer)));
  expect(causes).toContain('POSITIONS_WENT_BACK');
  const [row] = await db.database<{ epochs: number }[]>`SELECT count(*)::int AS epochs FROM epochs`;
  expect(row?.epochs).toBe(2);
});

it('refuses a program that begins an epoch without a cause, or moves positions', async () => {
  for (const role of [db.asServer, db.asWorker]) {
    await expect(role`SELECT begin_epoch('RESTORED')`).rejects.toMatchObject({ code: '42501' });
    await expect(role`UPDATE epochs SET number = 9`).rejects.toMatchObject({ code: '42501' });
    await expect(role`DELETE FROM epochs`).rejects.toMatchObject({ code: '42501' });
  }
});
