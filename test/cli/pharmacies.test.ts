import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startApp, type TestApp } from '../support/app.ts';
import { createRx, type Rx } from '../support/cli.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { copyPharmacy, openedPharmacy } from '../support/sealed-rows.ts';
import { startSimulator, type TestSimulator } from '../support/simulator.ts';

const BASE = ['--base-url', 'https://pharmacy.example.com/v1/'];
const TOKEN = { TOKEN: 'secret-token', HOOK: 'whsec_c2VjcmV0LXdlYmhvb2stc2VjcmV0LTI0' };

interface Finding {
  readonly rule: string;
  readonly result: string;
}

let db: TestDatabase;
let app: TestApp;
let simulator: TestSimulator;
let rx: Rx;
let folder: string;

beforeAll(async () => {
  db = await createTestDatabase();
  app = await startApp(db.asServer);
  simulator = await startSimulator(`${app.url}/webhooks/pharmacies`);
  await simulator.register(db.database);
  rx = createRx(db.operatorUrl);
  folder = await mkdtemp(path.join(os.tmpdir(), 'rx-secrets-'));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await simulator.stop();
  await app.close();
  await db.drop();
});

const stored = (id: string) => openedPharmacy(db.database, id);

it('adds a pharmacy with secrets from variables, hides them, and disables and enables it', async () => {
  const id = `pharmacy-${randomUUID()}`;
  const added = await rx(
    [
      ...['pharmacy', 'add', id, ...BASE, '--token-env', 'TOKEN', '--completion-limit', '14d'],
      ...['--webhook-auth', 'standard-webhooks', '--webhook-secret-env', 'HOOK', '--json'],
    ],
    { env: TOKEN },
  );
  expect(added.code, added.stderr).toBe(0);
  expect(added.json.pharmacy).toEqual({
    id,
    name: id,
    kind: 'rest',
    onlyFor: null,
    baseUrl: 'https://pharmacy.example.com/v1',
    webhookAuth: 'standard-webhooks',
    active: true,
    completionLimitMs: 14 * 86_400_000,
    createdAt: expect.any(String),
    updatedAt: expect.any(String),
  });
  expect(await stored(id)).toMatchObject({
    token: TOKEN.TOKEN,
    webhookAuth: { kind: 'standard-webhooks', secret: TOKEN.HOOK },
  });
  const listed = await rx(['pharmacy', 'list', '--json']);
  expect(listed.json.pharmacies).toContainEqual(added.json.pharmacy);
  expect(listed.stdout).not.toContain(TOKEN.TOKEN);
  expect(listed.stdout).not.toContain(TOKEN.HOOK);

  const off = await rx(['pharmacy', 'disable', id, '--json']);
  expect(off.json.pharmacy).toMatchObject({ id, active: false });
  expect((await stored(id))?.['active']).toBe(false);
  const on = await rx(['pharmacy', 'enable', id]);
  expect(on.stdout).toMatch(/^active +yes$/m);
});

it('reads secrets from a file and standard input, and replaces only with --replace', async () => {
  const id = `pharmacy-${randomUUID()}`;
  const file = path.join(folder, 'password');
  await writeFile(file, 'secret-password\n');
  const add = [
    ...['pharmacy', 'add', id, ...BASE, '--token-file', '-', '--webhook-auth', 'basic'],
    ...['--webhook-username', 'hooks', '--webhook-secret-file', file],
  ];
  expect(await rx(add, { stdin: 'first-token\n' })).toMatchObject({ code: 0 });
  expect(await stored(id)).toMatchObject({
    token: 'first-token',
    webhookAuth: { kind: 'basic', username: 'hooks', password: 'secret-password' },
  });
  const again = await rx(add, { stdin: 'second-token\n' });
  expect(again).toMatchObject({ code: 4, stdout: '' });
  expect((await stored(id))?.['token']).toBe('first-token');
  expect(await rx([...add, '--replace'], { stdin: 'second-token' })).toMatchObject({ code: 0 });
  expect((await stored(id))?.['token']).toBe('second-token');
});

it.each([
  ['no token', [...BASE], '--token-file or --token-env is required'],
  ['an empty variable', [...BASE, '--token-env', 'NOTHING'], 'the token is empty'],
  ['two tokens', [...BASE, '--token-env', 'TOKEN', '--token-file', '-'], 'cannot be used together'],
  ['a missing file', [...BASE, '--token-file', 'gone.txt'], 'gone.txt cannot be read: ENOENT'],
  [
    'a malformed webhook secret',
    [
      ...[...BASE, '--token-env', 'TOKEN'],
      ...['--webhook-auth', 'standard-webhooks', '--webhook-secret-env', 'TOKEN'],
    ],
    'must be base64',
  ],
  [
    'a webhook secret that is too short',
    [
      ...[...BASE, '--token-env', 'TOKEN'],
      ...['--webhook-auth', 'x-cv-signature', '--webhook-secret-env', 'TOKEN'],
    ],
    '--webhook-auth x-cv-signature: the secret must have at least 16 characters; it has 12',
  ],
  [
    'a webhook kind without its secret',
    [...BASE, '--token-env', 'TOKEN', '--webhook-auth', 'bearer'],
    'needs --webhook-secret-file',
  ],
  [
    'clear text to another machine',
    ['--base-url', 'http://pharmacy.example.com', '--token-env', 'TOKEN'],
    '--base-url must be https',
  ],
  [
    'a URL with a password',
    ['--base-url', 'https://a:b@pharmacy.example.com', '--token-env', 'TOKEN'],
    'without user, password',
  ],
])('rejects %s', async (_, args, message) => {
  const id = `pharmacy-${randomUUID()}`;
  const result = await rx(['pharmacy', 'add', id, ...args], { env: TOKEN });
  expect(result).toMatchObject({ code: 2, stdout: '' });
  expect(result.stderr).toContain(message);
  expect(result.stderr).not.toContain(TOKEN.TOKEN);
  expect(await stored(id)).toBeUndefined();
});

it('reports a pharmacy that answers and accepts the token', async () => {
  const result = await rx(['pharmacy', 'test', 'pharmacy-123', '--json']);
  expect(result).toMatchObject({
    code: 0,
    json: {
      test: {
        pharmacyId: 'pharmacy-123',
        reachable: true,
        authorized: true,
        code: null,
        problem: null,
        latencyMs: expect.any(Number),
      },
    },
  });
  const { orders } = await simulator.control<{ orders: unknown[] }>('GET', 'ledger');
  expect(orders).toEqual([]);
});

it('distinguishes a pharmacy that rejects the token from an unreachable one', async () => {
  const slow = { from: 'pharmacy-slow', to: 'pharmacy-slow' };
  await copyPharmacy(db.database, slow, { token: 'wrong' });
  const refused = await rx(['pharmacy', 'test', 'pharmacy-slow', '--json']);
  expect(refused.code).toBe(1);
  expect(refused.json.test).toMatchObject({
    reachable: true,
    authorized: false,
    code: 'PHARMACY_HTTP_401',
  });
  const down = await rx(['pharmacy', 'test', 'pharmacy-down', '--json']);
  expect(down.code).toBe(1);
  expect(down.json.test).toMatchObject({ reachable: false, authorized: null });
});

it('checks a pharmacy rule by rule, and without --yes only reads', async () => {
  const result = await rx(['pharmacy', 'check', 'pharmacy-123']);
  expect(result.code, result.stderr).toBe(0);
  expect(result.stdout).toMatch(/^ok {4}refuses-wrong-token +answers 401$/m);
  expect(result.stdout).toMatch(/^skip {2}place +add --yes to place a test order there$/m);
  const { orders } = await simulator.control<{ orders: unknown[] }>('GET', 'ledger');
  expect(orders).toEqual([]);
});

it('ends with 1 when a pharmacy breaks a rule, and says what to do', async () => {
  const manual = { from: 'pharmacy-manual', to: 'pharmacy-manual' };
  await copyPharmacy(db.database, manual, { token: 'wrong' });
  const result = await rx(['pharmacy', 'check', 'pharmacy-manual', '--yes']);
  expect(result.code).toBe(1);
  expect(result.stdout).toMatch(/^fail {2}authorized +answered 401: the token is wrong: set it/m);
  expect(result.stdout).toMatch(/^skip {2}place /m);
});

it('places one test order with --yes, and records the check before it runs', async () => {
  const result = await rx(['pharmacy', 'check', 'pharmacy-tracking', '--yes', '--json']);
  expect(result.code, result.stdout).toBe(0);
  const { check } = result.json;
  expect(check.pharmacyId).toBe('pharmacy-tracking');
  const results = Object.fromEntries(
    check.findings.map((each: Finding) => [each.rule, each.result]),
  );
  expect(results).toMatchObject({
    place: 'ok',
    'place-again': 'ok',
    documents: 'ok',
    cancel: 'ok',
  });
  const { orders } = await simulator.control<{ orders: { reference: string; asked: number }[] }>(
    'GET',
    'ledger',
  );
  expect(orders).toEqual([
    expect.objectContaining({ reference: expect.stringMatching(/^00000000-/), asked: 2 }),
  ]);
  const [row] = await db.database`
    SELECT result FROM audit_log WHERE action = 'PHARMACY_CHECKED' ORDER BY id DESC LIMIT 1`;
  expect(row?.['result']).toBe('OK');
});

it('shows one pharmacy without its secrets', async () => {
  const shown = await rx(['pharmacy', 'show', 'pharmacy-123', '--json']);
  const { json } = await rx(['pharmacy', 'list', '--json']);
  expect(shown.json.pharmacy).toEqual(
    json.pharmacies.find(({ id }: { id: string }) => id === 'pharmacy-123'),
  );
  expect(shown.stdout).not.toContain('token');
});

it.each(['show', 'test', 'check', 'enable', 'disable'])(
  '%s reports an unknown pharmacy',
  async (name) => {
    const result = await rx(['pharmacy', name, 'nobody']);
    expect(result).toMatchObject({ code: 3, stdout: '' });
  },
);
