import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createRx, type Rx } from '../support/cli.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { createOrganization } from '../support/organization.ts';

const BASE = ['--base-url', 'https://pharmacy.example.com/v1', '--token-env', 'TOKEN'];
const env = { TOKEN: 'secret-token' };

let db: TestDatabase;
let rx: Rx;
let first: string;
let second: string;

beforeAll(async () => {
  db = await createTestDatabase();
  rx = createRx(db.operatorUrl);
  [first, second] = [
    (await createOrganization(db.database)).organizationId,
    (await createOrganization(db.database)).organizationId,
  ];
});
afterAll(() => db.drop());

it('names a pharmacy and restricts it to organizations, from its first moment or later', async () => {
  const id = `pharmacy-${randomUUID()}`;
  const add = ['pharmacy', 'add', id, ...BASE, '--json'];
  const settings = ['--name', 'Main Street', '--only-for', first, second];
  const added = await rx([...add, ...settings], { env });
  expect(added.json.pharmacy).toMatchObject({ id, name: 'Main Street' });
  expect(added.json.pharmacy.onlyFor.toSorted()).toEqual([first, second].toSorted());

  // New settings change neither, unless they are given.
  const { name, onlyFor } = added.json.pharmacy;
  const replaced = await rx([...add, '--replace'], { env });
  expect(replaced.json.pharmacy).toMatchObject({ name, onlyFor });
  const renamed = await rx([...add, '--replace', '--name', 'New', '--only-for', first], { env });
  expect(renamed.json.pharmacy).toMatchObject({ name: 'New', onlyFor: [first] });

  const restricted = await rx(['pharmacy', 'restrict', id, second, '--json']);
  expect(restricted.json.pharmacy.onlyFor).toEqual([second]);
  const listed = await rx(['pharmacy', 'list']);
  expect(listed.stdout).toMatch(new RegExp(`^${id} +New +rest +yes +${second} `, 'm'));
  const opened = await rx(['pharmacy', 'unrestrict', id, '--json']);
  expect(opened.json.pharmacy.onlyFor).toBeNull();
  const left = await db.database`SELECT FROM pharmacy_access WHERE pharmacy_id = ${id}`;
  expect(left).toHaveLength(0);
});

it.each(['add', 'restrict'])('%s refuses an organization that does not exist', async (name) => {
  const id = `pharmacy-${randomUUID()}`;
  if (name === 'restrict') await rx(['pharmacy', 'add', id, ...BASE], { env });
  const options = name === 'add' ? [...BASE, '--only-for'] : [];
  for (const organization of [randomUUID(), 'no-uuid']) {
    const result = await rx(['pharmacy', name, id, ...options, first, organization], { env });
    expect(result).toMatchObject({ code: 3, stdout: '' });
    expect(result.stderr).toContain('there is no organization with this id');
  }
  const rows = await db.database`SELECT FROM pharmacies WHERE id = ${id} AND restricted`;
  expect(rows).toHaveLength(0);
});

it('restrict and unrestrict report an unknown pharmacy', async () => {
  expect(await rx(['pharmacy', 'restrict', 'nobody', first])).toMatchObject({ code: 3 });
  expect(await rx(['pharmacy', 'unrestrict', 'nobody'])).toMatchObject({ code: 3 });
});
