import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createRx, type Rx } from '../support/cli.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { createOrganization, type TestOrganization } from '../support/organization.ts';

/** Enough cases for many batches. */
const LARGE = 20_000;
const LARGE_TEST_MS = 180_000;

let db: TestDatabase;
let rx: Rx;
let tenant: TestOrganization;
let folder: string;

beforeAll(async () => {
  db = await createTestDatabase();
  rx = createRx(db.operatorUrl);
  tenant = await createOrganization(db.database);
  folder = await mkdtemp(path.join(os.tmpdir(), 'rx-cases-'));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await db.drop();
});

function caseLine(id: string, patient: object = {}): string {
  return `${JSON.stringify({ id, patient: { firstName: 'Jane', lastName: 'Sample', ...patient } })}\n`;
}

async function importText(stdin: string | Buffer, organizationId = tenant.organizationId) {
  return await rx(['case', 'import', '-', '--org', organizationId, '--json'], { stdin });
}

async function countCases(organizationId = tenant.organizationId): Promise<number> {
  const [row] = await db.database<{ count: number }[]>`
    SELECT count(*)::integer AS count FROM cases WHERE organization_id = ${organizationId}`;
  return row!.count;
}

it('imports cases, replaces those that differ and keeps the others unchanged', async () => {
  const [a, b, c] = [randomUUID(), randomUUID(), randomUUID()] as const;
  const first = await importText(caseLine(a) + caseLine(b));
  expect(first.code, first.stderr).toBe(0);
  expect(first.json).toEqual({
    import: { created: 2, updated: 0, unchanged: 0, seconds: expect.any(Number) },
  });
  const again = await importText(caseLine(a) + caseLine(b));
  expect(again.json.import).toMatchObject({ created: 0, updated: 0, unchanged: 2 });
  const mixed = await importText(caseLine(a) + caseLine(b, { lastName: 'Other' }) + caseLine(c));
  expect(mixed.json.import).toMatchObject({ created: 1, updated: 1, unchanged: 1 });

  const shown = await rx(['case', 'get', b, '--org', tenant.organizationId, '--json']);
  expect(shown.json.case).toMatchObject({
    id: b,
    organizationId: tenant.organizationId,
    patient: { firstName: 'Jane', lastName: 'Other' },
  });
  const rows = await db.database`
    SELECT id, updated_at > created_at AS changed FROM cases WHERE id IN (${a}, ${b})`;
  expect(Object.fromEntries(rows.map((row) => [row['id'], row['changed']]))).toEqual({
    [a]: false,
    [b]: true,
  });
});

it('preserves every character of a patient', async () => {
  const id = randomUUID();
  const patient = { firstName: 'Zoë \\N \\. \\\\', lastName: 'O\'Brien\t"x"\n李 🧪 \u2028' };
  const bom = '\uFEFF';
  const result = await importText(`${bom}${caseLine(id, patient).trim()}\r\n\r\n`);
  expect(result.json.import, result.stderr).toMatchObject({ created: 1 });
  const shown = await rx(['case', 'get', id, '--org', tenant.organizationId, '--json']);
  expect(shown.json.case.patient).toEqual(patient);
});

it('reports every invalid line with its rule, never a value, and imports nothing', async () => {
  const before = await countCases();
  const lines = [
    caseLine(randomUUID()),
    '{"id":"secret-value"\n',
    caseLine(randomUUID(), { email: 'secret-value', dateOfBirth: '1980-02-31' }),
    '\n',
    '[]\n',
    '{"id":"case-1"}\n',
    caseLine('../secret-value'),
  ];
  const result = await importText(
    Buffer.concat([Buffer.from(lines.join('')), Buffer.from([0xff])]),
  );
  expect(result).toMatchObject({ code: 2, stdout: '' });
  const reported = result.stderr.split('\n').slice(1);
  expect(reported).toEqual([
    'line 2: must be a JSON object',
    expect.stringMatching(/^line 3: patient\.dateOfBirth must .+; patient\.email must .+/),
    'line 5: must be a JSON object',
    'line 6: patient is required',
    expect.stringMatching(/^line 7: id must be 1 to 255 letters/),
    'line 8: must be UTF-8',
    'nothing was imported',
    '',
  ]);
  expect(result.stderr).not.toContain('secret-value');
  expect(await countCases()).toBe(before);
});

it('reports only the number of invalid lines after the first twenty', async () => {
  const result = await importText('x\n'.repeat(33));
  expect(result.stderr).toContain('line 20: must be a JSON object\nand 13 more lines\n');
});

it('rejects an id that is on two lines', async () => {
  const [a, b] = [randomUUID(), randomUUID()];
  const before = await countCases();
  const result = await importText(caseLine(a) + caseLine(b) + caseLine(a, { lastName: 'Other' }));
  expect(result.code).toBe(2);
  expect(result.stderr).toContain('line 3: id is already on line 1\nnothing was imported');
  expect(await countCases()).toBe(before);
});

it('imports an id that another organization uses too, and leaves its case as it is', async () => {
  const other = await createOrganization(db.database);
  const result = await importText(caseLine(other.caseId, { lastName: 'Ours' }));
  expect(result.json.import, result.stderr).toMatchObject({ created: 1, updated: 0 });
  for (const [{ organizationId }, lastName] of [
    [tenant, 'Ours'],
    [other, 'Sample'],
  ] as const) {
    const { json } = await rx(['case', 'get', other.caseId, '--org', organizationId, '--json']);
    expect(json.case.patient.lastName).toBe(lastName);
  }
});

it('reports a file that cannot be read, and an organization that does not exist', async () => {
  const org = ['--org', tenant.organizationId];
  const missing = await rx(['case', 'import', path.join(folder, 'missing.ndjson'), ...org]);
  expect(missing).toMatchObject({ code: 2, stdout: '' });
  expect(missing.stderr).toContain('missing.ndjson cannot be read: ENOENT');
  const directory = await rx(['case', 'import', folder, ...org]);
  expect(directory.code).toBe(2);
  expect(directory.stderr).toContain('cannot be read: EISDIR');
  const nobody = await importText(caseLine(randomUUID()), randomUUID());
  expect(nobody.code).toBe(3);
});

it('resolves a file name relative to the folder of the caller when npx runs it', async () => {
  await writeFile(path.join(folder, 'near.ndjson'), caseLine(randomUUID()));
  const program = [fileURLToPath(new URL('../../scripts/rx.mjs', import.meta.url))];
  const args = ['case', 'import', 'near.ndjson', '--org', tenant.organizationId, '--json'];
  const result = await rx(args, { program, cwd: folder });
  expect(result.json?.import, result.stderr).toMatchObject({ created: 1 });
});

it('imports a large file, and changes nothing when it is imported again', {
  timeout: LARGE_TEST_MS,
}, async () => {
  const { organizationId } = await createOrganization(db.database);
  const prefix = randomUUID();
  const file = path.join(folder, 'large.ndjson');
  const address = {
    addressLine1: '789 Patient Ave',
    city: 'Reno',
    state: 'NV',
    country: 'US',
    postalCode: '89501',
  };
  function* lines() {
    for (let n = 0; n < LARGE; n += 1) {
      yield caseLine(`${prefix}-${n}`, {
        lastName: `Sample ${n}`,
        dateOfBirth: '1980-04-01',
        address,
      });
    }
  }
  await pipeline(Readable.from(lines()), createWriteStream(file));
  const args = ['case', 'import', file, '--org', organizationId, '--json'];
  const first = await rx(args);
  expect(first.json?.import, first.stderr).toMatchObject({ created: LARGE });
  const again = await rx(args);
  expect(again.json?.import, again.stderr).toMatchObject({ created: 0, unchanged: LARGE });
  expect(await countCases(organizationId)).toBe(LARGE + 2); // plus the two of createOrganization
});
