import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createRx, type Rx } from '../support/cli.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

let db: TestDatabase;
let rx: Rx;

beforeAll(async () => {
  db = await createTestDatabase();
  rx = createRx(db.operatorUrl);
});

afterAll(async () => {
  await db.drop();
});

it('creates an organization, lists it and changes its rules', async () => {
  const name = `Clinic ${randomUUID()}`;
  const created = await rx(['org', 'create', name, '--json']);
  expect(created.code).toBe(0);
  expect(created.json).toEqual({
    organization: {
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      name,
      strictIdentifiers: false,
      accessReasons: false,
      retentionDays: null,
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:]+\.\d{3}Z$/),
    },
  });
  const { id } = created.json.organization;

  const updated = await rx(['org', 'update', id, '--strict-identifiers', 'on', '--json']);
  expect(updated.json.organization).toMatchObject({ id, name, strictIdentifiers: true });

  const asks = await rx(['org', 'update', id, '--access-reasons', 'on', '--json']);
  const rules = { strictIdentifiers: true, accessReasons: true };
  expect(asks.json.organization).toEqual({ ...updated.json.organization, ...rules });

  const refused = await rx(['case', 'get', 'any', '--org', id]);
  expect(refused).toMatchObject({ code: 4, stdout: '' });
  expect(refused.stderr).toContain('the organization requires a reason');

  const listed = await rx(['org', 'list', '--json']);
  expect(listed.json.organizations).toContainEqual({
    ...asks.json.organization,
    activeKeys: 0,
  });
  const table = await rx(['org', 'list']);
  expect(table.stdout).toMatch(
    /^ID +NAME +ACTIVE KEYS +STRICT IDENTIFIERS +ACCESS REASONS +RETENTION +CREATED\n/,
  );
  expect(table.stdout).toContain(`${id}  ${name}`);
  // No colours without a terminal.
  expect(table.stdout).not.toContain('\x1b');
});

it('rejects a second organization with the same name', async () => {
  const name = `Clinic ${randomUUID()}`;
  await rx(['org', 'create', name, '--strict-identifiers']);
  const again = await rx(['org', 'create', name]);
  expect(again).toMatchObject({ code: 4, stdout: '' });
  expect(again.stderr).toContain('an organization with this name already exists');
  const rows = await db.database`SELECT strict_identifiers FROM organizations WHERE name = ${name}`;
  expect([...rows]).toEqual([{ strictIdentifiers: true }]);
});

it.each([
  ['a malformed id', 'no-uuid'],
  ['an unknown id', randomUUID()],
])('reports that there is no organization with %s', async (_, id) => {
  const result = await rx(['org', 'update', id, '--name', 'New name']);
  expect(result).toMatchObject({ code: 3, stdout: '' });
  expect(result.stderr).toContain('there is no organization with this id');
});
