import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { OWNER, superuserUrl } from '../../sandbox/database-url.ts';
import { type Database, openDatabase } from '../../src/storage/database.ts';
import { createRx } from '../support/cli.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

interface Step {
  readonly step: string;
  readonly result: string;
  readonly message: string;
}

const STEPS = ['postgres', 'roles', 'owner', 'schema', 'namespace', 'search attributes'];

let superuser: Database;
let ownerUrl: string;
let name: string;
beforeAll(async () => {
  const { ownerUrl: url } = inject('postgres');
  name = `setup_${randomBytes(8).toString('hex')}`;
  superuser = openDatabase(superuserUrl(url), 1, { statementLimitMs: 60_000 });
  await superuser.unsafe(`CREATE DATABASE ${name} OWNER ${OWNER}`);
  ownerUrl = Object.assign(new URL(url), { pathname: `/${name}` }).href;
});
afterAll(async () => {
  await superuser.unsafe(`DROP DATABASE ${name} WITH (FORCE)`);
  await superuser.end();
});

const resultsOf = ({ json }: { json: { steps: Step[] } }) =>
  json.steps.map(({ step, result }) => [step, result]);

describe('rx setup', () => {
  it('prepares an empty database and a new namespace, and does nothing the second time', async () => {
    const rx = createRx(ownerUrl);
    const env = {
      TEMPORAL_ADDRESS: inject('temporal').address,
      TEMPORAL_NAMESPACE: `setup-${randomUUID()}`,
    };
    const dry = await rx(['setup', '--dry-run', '--json'], { env });
    expect(resultsOf(dry)).toEqual([
      ...[
        ['postgres', 'ok'],
        ['roles', 'ok'],
        ['owner', 'ok'],
      ],
      ...[
        ['schema', 'todo'],
        ['namespace', 'todo'],
      ],
    ]);
    const first = await rx(['setup', '--json'], { env });
    expect(resultsOf(first)).toEqual(STEPS.map((step, n) => [step, n < 3 ? 'ok' : 'done']));
    expect(first.code).toBe(0);
    const second = await rx(['setup', '--json'], { env });
    expect(resultsOf(second)).toEqual(STEPS.map((step) => [step, 'ok']));

    const health = await rx(['doctor', '--json'], { env });
    const { findings } = health.json as { findings: { check: string; result: string }[] };
    for (const check of ['postgres', 'migrations', 'temporal']) {
      expect(findings.find((each) => each.check === check)).toMatchObject({ result: 'ok' });
    }
  }, 120_000);

  it('names the right that is missing, and changes nothing', async () => {
    const db: TestDatabase = await createTestDatabase();
    const { code, json } = await createRx(db.serverUrl)(['setup', '--json'], {
      env: { TEMPORAL_ADDRESS: '127.0.0.1:1' },
    });
    expect(code).toBe(1);
    expect(json.steps).toMatchObject([
      { step: 'postgres', result: 'ok' },
      { step: 'roles', result: 'ok' },
      {
        step: 'owner',
        result: 'fail',
        message: 'rx_orders_server lacks the ownership of the database',
      },
      { step: 'namespace', result: 'fail' },
    ]);
    await db.drop();
  });

  it('prints the statements for an administrator, without a connection', async () => {
    const { code, stdout, stderr } = await createRx('postgres://rx@127.0.0.1:1/my-orders')([
      ...['setup', '--print-sql'],
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const role of ['"rx"', 'rx_orders_server', 'rx_orders_worker', 'rx_orders_operator']) {
      expect(stdout).toContain(`CREATE ROLE ${role} LOGIN;`);
    }
    expect(stdout).toContain('CREATE DATABASE "my-orders" OWNER "rx";');
  });
});
