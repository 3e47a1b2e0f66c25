import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CONFORMANCE_RULES } from '../../src/pharmacy/conformance/finding.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { createRx, type Rx } from '../support/cli.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { needTool } from '../support/webhook-examples.ts';

/* examples/pharmacy as its README runs them: `rx pharmacy check` against each template server. */

const FOLDER = path.resolve('examples/pharmacy');
const PHARMACY_TOKEN = randomBytes(24).toString('hex');
const RX_WEBHOOK_SECRET = `whsec_${randomBytes(32).toString('base64')}`;

let db: TestDatabase;
let app: TestApp;
let rx: Rx;

beforeAll(async () => {
  db = await createTestDatabase();
  app = await startApp(db.asServer);
  rx = createRx(db.operatorUrl);
});

afterAll(async () => {
  await app.close();
  await db.drop();
});

describe.each<[string, string, string[]]>([
  ['pharmacy-server.ts', process.execPath, ['--import', 'tsx']],
  ['pharmacy_server.py', 'python3', []],
])('%s', (file, command, args) => {
  const id = `example-${file.replace(/\W/g, '-')}`;
  let child: ChildProcess;

  beforeAll(async () => {
    needTool(command, '--version');
    child = spawn(command, [...args, path.join(FOLDER, file)], {
      env: {
        ...process.env,
        PHARMACY_TOKEN,
        RX_WEBHOOK_SECRET,
        PHARMACY_PORT: '0',
        RX_WEBHOOK_URL: `${app.url}/webhooks/pharmacies/${id}`,
        COMPLETE_AFTER_MS: '1500',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(createInterface({ input: child.stdout! }), 'line')) as [string];
    const added = await rx(
      [
        ...['pharmacy', 'add', id, '--base-url', line.replace('listening on ', '')],
        ...['--token-env', 'PHARMACY_TOKEN', '--webhook-auth', 'standard-webhooks'],
        ...['--webhook-secret-env', 'RX_WEBHOOK_SECRET'],
      ],
      { env: { PHARMACY_TOKEN, RX_WEBHOOK_SECRET } },
    );
    expect(added.code, added.stderr).toBe(0);
  });

  afterAll(async () => {
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  });

  it('conforms in every rule, from placing to the webhook', async () => {
    const result = await rx([...['pharmacy', 'check', id, '--yes', '--expect-webhook', '--json']]);
    expect(result.json?.check.findings, result.stderr).toEqual(
      CONFORMANCE_RULES.map((rule) => ({ rule, result: 'ok', message: expect.any(String) })),
    );
    expect(result.code).toBe(0);
    // Its webhook is stored, but nobody has to find an order for it.
    expect((await rx(['inbox', 'list', '--json'])).json.messages).toEqual([]);
    expect(await db.database`SELECT FROM unmatched_messages`).toHaveLength(0);
    expect((await db.database`SELECT FROM inbox WHERE pharmacy_id = ${id}`).length).toBe(1);
  });

  it('cancels an open order', async () => {
    const result = await rx(['pharmacy', 'check', id, '--yes', '--wait', '0s']);
    expect(result.code, result.stdout).toBe(0);
    expect(result.stdout).toMatch(/^skip {2}completion +still accepted/m);
    expect(result.stdout).toMatch(/^ok {4}cancel +cancels the order, and a read agrees$/m);
  });
});
