import { PassThrough } from 'node:stream';
import type { Command } from 'commander';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { urlOfRole } from '../../sandbox/database-url.ts';
import type { AuditRow } from '../../src/audit/audit-rows.ts';
import { auditOf } from '../../src/cli/command-audit.ts';
import type { CliContext } from '../../src/cli/context.ts';
import { createProgram } from '../../src/cli/program.ts';
import { OLDER_TRANSACTIONS_MS, sealPairs, sealRows, tamperWith } from '../support/audit.ts';
import { createRx, type Rx } from '../support/cli.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { exampleWithoutKey, startTestApi, type TestApi } from '../support/test-api.ts';

vi.setConfig({ testTimeout: 2 * OLDER_TRANSACTIONS_MS, hookTimeout: 2 * OLDER_TRANSACTIONS_MS });

const ANNA = { RX_OPERATOR: 'anna' };

describe('recording', () => {
  let api: TestApi;
  let rx: Rx;
  let orderId: string;

  beforeAll(async () => {
    api = await startTestApi();
    rx = createRx(api.databaseUrl);
    orderId = (await api.place(exampleWithoutKey())).json.data.order.id;
  });
  afterAll(() => api.close());

  /** Runs a command; returns its result and the rows that it added to the log. */
  async function run(...args: readonly string[]) {
    const [last] = await api.database`SELECT coalesce(max(id), 0)::text AS id FROM audit_log`;
    const result = await rx(args, { env: ANNA });
    const rows = await api.database`
      SELECT actor_kind, actor, action, organization_id, case_id, order_id, request_id, result FROM audit_log
      WHERE id > ${last?.['id'] as string}::text::bigint ORDER BY id`;
    return { ...result, rows };
  }
  const rowOf = (action: string, subject: Record<string, string> = {}, result = 'OK') => [
    {
      ...{ actorKind: 'operator', actor: 'anna', action, result },
      ...{ organizationId: null, caseId: null, orderId: null, requestId: null },
      ...subject,
    },
  ];

  it('shows who read an order over HTTP and who on the command line', async () => {
    const { organizationId, caseId } = api.organization;
    await api.get(`/api/v1/cases/${caseId}/orders/${orderId}`);
    const shown = await run('order', 'show', orderId);
    expect(shown).toMatchObject({
      code: 0,
      rows: rowOf('ORDER_READ', { organizationId, caseId, orderId }),
    });

    const list = async () =>
      (await rx(['audit', 'list', '--order', orderId, '--json'], { env: ANNA })).json.audit;
    // A row is visible once no older transaction is open on the Postgres server.
    await expect.poll(list, { timeout: OLDER_TRANSACTIONS_MS }).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          actorKind: 'key',
          action: 'ORDER_PLACED',
          source: '127.0.0.1',
        }),
        expect.objectContaining({ actorKind: 'key', action: 'ORDER_READ', source: '127.0.0.1' }),
        expect.objectContaining({ actorKind: 'operator', actor: 'anna', action: 'ORDER_READ' }),
        expect.objectContaining({
          actorKind: 'operator',
          actor: 'anna',
          action: 'AUDIT_LOG_READ',
        }),
      ]),
    );
  });

  it('shows what an operator did, who accessed a case, and of which time', async () => {
    const { organizationId, caseId } = api.organization;
    const bob = { RX_OPERATOR: 'bob' };
    await rx(['order', 'show', orderId], { env: bob });
    await rx(['org', 'update', organizationId, '--name', 'Renamed'], { env: bob });
    const list = async (...args: string[]) =>
      (await rx(['audit', 'list', '--json', ...args], { env: ANNA })).json.audit as AuditRow[];

    await expect
      .poll(() => list('--operator', 'bob'), { timeout: OLDER_TRANSACTIONS_MS })
      .toMatchObject([
        { actor: 'bob', action: 'ORDER_READ', orderId },
        { actor: 'bob', action: 'ORGANIZATION_UPDATED', organizationId },
      ]);
    const ofCase = await list('--case', caseId);
    expect(ofCase.map(({ action }) => action)).toContain('ORDER_PLACED');
    expect(new Set(ofCase.map((row) => row.caseId))).toEqual(new Set([caseId]));
    expect(await list('--operator', 'bob', '--since', '1h', '--limit', '1')).toHaveLength(1);
    expect(await list('--operator', 'bob', '--since', '2h', '--until', '1h')).toEqual([]);
    expect(await list('--operator', 'nobody')).toEqual([]);
    expect((await rx(['audit', 'list'])).code).toBe(2);
  });

  it('records refused commands, but no malformed ids, and no command without patient data', async () => {
    const { organizationId } = api.organization;
    const unknown = await run('case', 'get', 'Jane', '--org', organizationId);
    expect(unknown).toMatchObject({
      code: 3,
      rows: rowOf('CASE_READ', { organizationId }, 'NOT_FOUND'),
    });
    const open = await run('order', 'erase', orderId);
    const { caseId } = api.organization;
    expect(open).toMatchObject({
      code: 4,
      rows: rowOf('ORDER_ERASED', { organizationId, caseId, orderId }, 'CONFLICT'),
    });
    expect((await run('org', 'list')).rows).toEqual([]);
  });

  it('records a change of keys with its organization, and a repair exactly once', async () => {
    const { organizationId, caseId } = api.organization;
    const made = await run(
      ...[
        'key',
        'create',
        '--org',
        organizationId,
        '--name',
        'x',
        '--scopes',
        'orders:read',
        '--json',
      ],
    );
    const requestId = `key/${made.json.key.id}`;
    expect(made.rows).toEqual(rowOf('KEY_CREATED', { organizationId, requestId }));
    const revoked = await run('key', 'revoke', made.json.key.id);
    expect(revoked.rows).toEqual(rowOf('KEY_REVOKED', { organizationId, requestId }));
    // Somebody may type a name in place of an id.
    const unknown = await run('pharmacy', 'disable', 'sam-sample');
    expect(unknown.rows).toEqual(rowOf('PHARMACY_DISABLED', {}, 'NOT_FOUND'));

    const id = (await api.place(exampleWithoutKey())).json.data.order.id as string;
    const cancelled = await run('order', 'cancel', id, '--reason', 'placed twice');
    expect(cancelled.rows).toEqual(
      rowOf('ORDER_CANCEL_REQUESTED', { organizationId, caseId, orderId: id }),
    );
    const erased = await run('order', 'erase', id, '--wait', '0s');
    expect(erased.rows).toEqual(rowOf('ORDER_ERASED', { organizationId, caseId, orderId: id }));
  });

  it.each(['server', 'worker'] as const)(
    'refuses a login of the %s, from which rows are hidden',
    async (role) => {
      const other = createRx(urlOfRole(api.databaseUrl, role));
      for (const args of [['order', 'list'], ['org', 'list'], ['doctor']]) {
        const { code, stdout, stderr } = await other(args);
        expect({ code, stdout }).toEqual({ code: 5, stdout: '' });
        expect(stderr).toContain(
          `the database role rx_orders_${role} lacks the rights of operators`,
        );
      }
      const operator = await createRx(urlOfRole(api.databaseUrl, 'operator'))(['order', 'list']);
      expect(operator).toMatchObject({ code: 0, stdout: expect.stringContaining(orderId) });
    },
  );

  it('hides the output of a read that cannot be recorded, and reports an unrecorded change', async () => {
    await api.database.unsafe(`
      CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'full' USING ERRCODE = 'P0001'; END $$;
      CREATE TRIGGER full_log BEFORE INSERT ON audit_log EXECUTE FUNCTION refuse();`);
    try {
      const read = await rx(['order', 'show', orderId]);
      expect(read).toMatchObject({ code: 1, stdout: '' });
      const made = await rx(['org', 'create', 'Unrecorded Clinic']);
      expect(made.code).toBe(1);
      expect(made.stdout).toContain('Unrecorded Clinic');
      expect(made.stderr).toContain(
        'the change was made, but the audit log could not record it: P0001',
      );
    } finally {
      await api.database.unsafe('DROP TRIGGER full_log ON audit_log; DROP FUNCTION refuse()');
    }
  });
});

describe('verifying', () => {
  let test: TestDatabase;
  let rx: Rx;

  beforeEach(async () => {
    test = await createTestDatabase();
    rx = createRx(test.url);
    await sealPairs(test.database, 'ab', 'cd');
    return () => test.drop();
  });

  const tamper = (...statements: readonly string[]) => tamperWith(test.asSuperuser, ...statements);

  it('exits with 0 for an unchanged log, and prints the head', async () => {
    const { code, json } = await rx(['audit', 'verify', '--json']);
    expect(code).toBe(0);
    expect(json.verification).toMatchObject({ seals: 2, rows: 4, problem: null });
    const kept = await rx(['audit', 'verify', '--head', json.verification.head.hash]);
    expect(kept.code).toBe(0);
  });

  it.each([
    ['a changed row', `UPDATE audit_log SET actor = 'x' WHERE actor = 'c'`],
    ['a removed row', `DELETE FROM audit_log WHERE actor = 'd'`],
    [
      'swapped rows',
      `UPDATE audit_log SET actor = CASE actor WHEN 'c' THEN 'd' ELSE 'c' END
        WHERE actor IN ('c', 'd')`,
    ],
  ])('exits with 1 for %s, and names the seal', async (_what, statement) => {
    await tamper(statement);

    const { code, stdout } = await rx(['audit', 'verify']);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^problem +seal 2 does not match/m);
  });

  it('detects a rewritten log by a head that was stored elsewhere', async () => {
    const { json } = await rx(['audit', 'verify', '--json']);
    await tamper(
      'DELETE FROM audit_seals',
      'DELETE FROM audit_head',
      `DELETE FROM audit_log WHERE actor = 'd'`,
    );
    await sealRows(test.database, 3);

    expect((await rx(['audit', 'verify'])).code).toBe(0);
    const kept = await rx(['audit', 'verify', '--head', json.verification.head.hash]);
    expect(kept.code).toBe(1);
    expect(kept.stdout).toContain('no seal has the hash of the given head');
  });

  it('exports one JSON document per line, in the order of the seals', async () => {
    const { code, stdout } = await rx(['audit', 'export'], { env: ANNA });
    expect(code).toBe(0);
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.slice(0, 4).map(({ actor }) => actor)).toEqual(['a', 'b', 'c', 'd']);
    expect(lines[0]).toMatchObject({ action: 'CASE_READ', result: 'OK', orderId: null });
    const [row] = await test.database`SELECT actor, action FROM audit_log ORDER BY id DESC LIMIT 1`;
    expect(row).toEqual({ actor: 'anna', action: 'AUDIT_LOG_EXPORTED' });
  });
});

it('every command declares whether it is recorded', () => {
  const nothing = (): never => {
    throw new Error('nothing is run');
  };
  const context: CliContext = {
    stdin: new PassThrough(),
    stdout: process.stdout,
    stderr: process.stderr,
    operator: { actorKind: 'operator', actor: 'anna', source: 'example' },
    about: () => undefined,
    resolveFile: (name) => name,
    variable: () => undefined,
    connect: nothing,
    owned: nothing,
    stopping: new AbortController().signal,
  };
  const leaves = (command: Command): readonly Command[] =>
    command.commands.length === 0 ? [command] : command.commands.flatMap(leaves);
  const commands = leaves(createProgram(context, () => undefined));

  expect(commands.length).toBeGreaterThan(30);
  const nameOf = (command: Command) => `${command.parent?.name() ?? ''} ${command.name()}`;
  expect(commands.filter((command) => auditOf(command) === undefined).map(nameOf)).toEqual([]);
});
