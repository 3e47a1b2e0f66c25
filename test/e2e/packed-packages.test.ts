import { type ChildProcess, execFile, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { urlOfRole } from '../../sandbox/database-url.ts';
import { freePorts } from '../../sandbox/ports.ts';
import type { Environment } from '../../src/process/config.ts';
import { eventually } from '../support/eventually.ts';
import { exampleText } from '../support/example.ts';
import { type InstalledPackages, installPackages } from '../support/installed-packages.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

// What users install: the three tarballs in a folder of their own, with production dependencies only.
// The image runs the same compiled server.

const CASE = '123e4567-e89b-12d3-a456-426614174000';
/** The sandbox's "Demo Telehealth". */
const ORGANIZATION_ID = '0198a000-0000-7000-8000-000000000001';
/** Imports a package alone and prints the error of a call that fails. */
const LONELY_PROGRAMS = {
  'http-client': `
    const { createHttpClient, NetworkError } = await import('@rx-orders/http-client');
    const client = createHttpClient({
      baseUrl: 'http://127.0.0.1:1', apiKey: 'key', retries: { maxAttempts: 1 } });
    const error = await client.getOrder('case', 'order').catch((error) => error);
    console.log(error instanceof NetworkError, error.code);`,
  webhooks: `
    const { verifyWebhook, WebhookVerificationError } = await import('@rx-orders/webhooks');
    try { verifyWebhook('{}', {}, 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'); }
    catch (error) { console.log(error instanceof WebhookVerificationError, error.code); }`,
};
/** Places an order in the server's database, and waits for its end. */
const ORDER_CLIENT = `
  import { createOrderClient, type OrderView, type PrescriptionOrder } from 'rx-orders';
  const setting = (name: string): string => process.env[name] ?? '';
  const orders = createOrderClient({
    organizationId: '${ORGANIZATION_ID}',
    databaseUrl: setting('DATABASE_URL'),
    hashSecret: setting('HASH_SECRET'),
    encryptionKeys: setting('ENCRYPTION_KEYS'),
    temporal: { address: setting('TEMPORAL_ADDRESS') },
  });
  const order = JSON.parse(process.argv[2] ?? '') as PrescriptionOrder;
  const handle = await orders.place({ caseId: '${CASE}', order });
  const ended: OrderView = await handle.result({ timeoutMs: 60_000 });
  console.log(ended.status, ended.documents.length);
  await orders.close();
  // @ts-expect-error: an order has required fields
  export const incomplete = () => orders.place({ caseId: '', order: {} });`;
/** The types that both packages export. */
const TYPES = `
  import { createHttpClient, type OrderView } from '@rx-orders/http-client';
  import type { OrderClient } from 'rx-orders';
  import { verifyWebhook, type WebhookEvent } from '@rx-orders/webhooks';
  export const event: WebhookEvent = verifyWebhook('', new Headers(), '');
  const client = createHttpClient({ baseUrl: 'http://127.0.0.1', apiKey: 'key' });
  export const read = (): Promise<OrderView> => client.getOrder('case', 'order');
  export const get = (other: OrderClient): Promise<OrderView> => other.get('order');
  // @ts-expect-error: an order has required fields
  export const place = () => client.placeOrder('case', {});`;

let installed: InstalledPackages;
let test: TestStack;
const started: ChildProcess[] = [];

beforeAll(async () => {
  [installed, test] = await Promise.all([installPackages(), startTestStack()]);
});
afterEach(() => {
  for (const child of started.splice(0)) if (child.exitCode === null) child.kill('SIGKILL');
});
afterAll(async () => {
  await test?.close();
  installed?.remove();
});

const run = promisify(execFile);
const inFolder = (...names: string[]) => path.join(installed.folder, 'node_modules', ...names);

/** Runs a program of the server, as the image does. */
function start(program: string, env: Environment = {}): ChildProcess {
  const child = fork(inFolder('rx-orders/dist/src', program), {
    env: { ...test.stack.env, ...env },
    stdio: 'ignore',
  });
  started.push(child);
  return child;
}

async function endOf(child: ChildProcess): Promise<unknown> {
  const [code] = (await once(child, 'exit')) as [number | null];
  return code;
}

async function rx(args: readonly string[], env: Environment) {
  const options = { cwd: installed.folder, env: { ...env, PATH: process.env.PATH } };
  return await run('npx', ['--no-install', 'rx', ...args], options).then(
    ({ stdout }) => ({ code: 0, stdout }),
    ({ code, stdout }: { code: number; stdout: string }) => ({ code, stdout }),
  );
}

describe('the tarballs', () => {
  it('contain the build, the documents and the examples, and nothing else', () => {
    const contents = installed.packed.map(({ name, version, files }) => {
      const top = files.map((file) => file.path.split('/').slice(0, 2).join('/'));
      return {
        name,
        version,
        top: [...new Set(top)].filter((file) => !/\.(js|d\.ts)$/.test(file)),
      };
    });
    const documents = ['LICENSE', 'README.md'];
    expect(contents).toEqual([
      {
        name: 'rx-orders',
        version: '0.1.0',
        top: ['CHANGELOG.md', ...documents, 'dist/src', 'package.json', 'scripts/rx.mjs'],
      },
      {
        name: '@rx-orders/http-client',
        version: '0.1.0',
        top: [...documents, 'examples/place-order.mjs', 'package.json'],
      },
      {
        name: '@rx-orders/webhooks',
        version: '0.1.0',
        top: [...documents, 'examples/print-events.mjs', 'package.json'],
      },
    ]);
    const paths = installed.packed.flatMap(({ files }) => files.map((file) => file.path));
    expect(paths.filter((file) => /\.(map|test\.js)$|\.ts$(?<!\.d\.ts)/.test(file))).toEqual([]);
    expect(paths).toContain('dist/src/http/docs/assets/docs.js');
    expect(paths).toContain('dist/src/workflow-bundle.js');
    expect(paths.some((file) => file.startsWith('dist/src/storage/migrations/'))).toBe(true);
  });

  it('can be published without a warning', async () => {
    const output = await installed.publishDry();
    expect(output).not.toMatch(/npm (warn|error)/i);
    for (const { name, version } of installed.packed)
      expect(output).toContain(`+ ${name}@${version}`);
  });
});

describe('the types', () => {
  it('compile in a strict program that checks the declarations too', async () => {
    const readme = (name: string) => {
      const text = readFileSync(inFolder(name, 'README.md'), 'utf8');
      return /```ts\n([\s\S]*?)```/.exec(text)?.[1] ?? 'no example';
    };
    await installed.compile({
      'order-client.ts': ORDER_CLIENT,
      'types.ts': TYPES,
      'readme-http-client.ts': readme('@rx-orders/http-client'),
      'readme-webhooks.ts': readme('@rx-orders/webhooks'),
    });
  });

  it('of the packages mention no validation library', () => {
    for (const name of ['http-client', 'webhooks']) {
      const folder = inFolder('@rx-orders', name, 'dist');
      const declarations = readdirSync(folder).filter((file) => file.endsWith('.d.ts'));
      expect(declarations).toContain('openapi.d.ts');
      for (const file of declarations) {
        expect(readFileSync(path.join(folder, file), 'utf8')).not.toMatch(/zod/i);
      }
    }
  });
});

describe('the packages', () => {
  it.each(Object.entries(LONELY_PROGRAMS))('%s needs nothing but itself', async (name, program) => {
    const alone = mkdtempSync(path.join(path.dirname(installed.folder), 'rx-alone-'));
    try {
      const folder = path.join(alone, 'node_modules/@rx-orders', name);
      cpSync(inFolder('@rx-orders', name), folder, { recursive: true });
      const args = ['--input-type=module', '--eval', program];
      const { stdout } = await run(process.execPath, args, { cwd: alone });
      expect(stdout).toBe(`true ${name === 'webhooks' ? 'missing_headers' : 'NETWORK'}\n`);
    } finally {
      rmSync(alone, { recursive: true, force: true });
    }
  });

  it('run their examples: one places an order, the other prints its events', async () => {
    const env = { ...process.env, RX_URL: test.stack.baseUrl };
    const printer = spawn(
      process.execPath,
      [inFolder('@rx-orders/webhooks/examples/print-events.mjs')],
      { env, stdio: ['ignore', 'pipe', 'inherit'] },
    );
    started.push(printer);
    const lines: string[] = [];
    createInterface({ input: printer.stdout }).on('line', (line) => lines.push(line));
    await eventually('it waits', async () => lines.includes('waiting for events'));

    const example = inFolder('@rx-orders/http-client/examples/place-order.mjs');
    const placed = await run(process.execPath, [example, 'rx-9001'], { env });
    expect(placed).toMatchObject({ stderr: '' });
    expect(placed.stdout).toMatch(/^placed order [0-9a-f-]{36}\nthe order is COMPLETED\n$/);
    const again = await run(process.execPath, [example, 'rx-9001'], { env });
    expect(again.stdout).toBe(placed.stdout.replace('placed order', 'placed earlier as order'));

    await eventually('its events are printed', async () => lines.length === 5);
    expect(lines.map((line) => line.split(' ')[0]).sort()).toEqual([
      ...['ADD_CASE_ATTACHMENT', 'ADD_CASE_ATTACHMENT', 'ORDER_CREATED', 'ORDER_STATUS_CHANGED'],
      'waiting',
    ]);
    printer.kill('SIGINT');
    expect(await endOf(printer)).toBe(0);
  });
});

describe('the server', () => {
  it('lets a backend place an order without HTTP', async () => {
    const { order } = JSON.parse(exampleText()) as { order: object };
    const program = path.join(installed.folder, 'order-client.js');
    const { stdout } = await run(process.execPath, [program, JSON.stringify(order)], {
      env: { ...test.stack.env },
    });
    expect(stdout).toBe('COMPLETED 2\n');
  });

  it('migrates, and ends', async () => {
    expect(await endOf(start('migrate.js', { DATABASE_URL: test.stack.databaseUrl }))).toBe(0);
  });

  it('works as a worker until it is asked to stop', async () => {
    const worker = start('worker.js', {
      ...test.stack.workerEnv,
      METRICS_ADDRESS: '',
      TEMPORAL_TASK_QUEUE: 'compiled',
    });
    expect(await once(worker, 'message')).toContain('ready');
    worker.kill('SIGTERM');
    expect(await endOf(worker)).toBe(0);
  });

  it('serves the endpoint until it is asked to stop', async () => {
    const { PORT } = await freePorts();
    const server = start('server.js', { PORT: String(PORT) });
    expect(await once(server, 'message')).toContain('ready');
    const url = `http://127.0.0.1:${PORT}/api/v1/cases/${CASE}`;
    const headers = { 'cv-api-key': 'YOUR_SECRET_KEY', 'content-type': 'application/json' };
    const response = await fetch(url, { method: 'POST', headers, body: exampleText() });
    expect(response.status).toBe(200);
    const page = await fetch(`http://127.0.0.1:${PORT}/docs`);
    expect(await page.text()).toContain('docs/docs.js');
    server.kill('SIGTERM');
    expect(await endOf(server)).toBe(0);
  });

  it('serves operators on the command line, and without a database says so', async () => {
    const help = await rx(['--help'], {});
    expect(help).toMatchObject({ code: 0, stdout: expect.stringContaining('Usage: rx') });
    const operator = urlOfRole(test.stack.databaseUrl, 'operator');
    const env = { ...test.stack.env, DATABASE_URL: operator };
    const list = await rx(['org', 'list', '--json'], env);
    expect(list).toMatchObject({ code: 0, stdout: expect.stringContaining(ORGANIZATION_ID) });
    const nowhere = { DATA_DIR: path.join(installed.folder, 'nowhere') };
    expect(await rx(['org', 'list'], nowhere)).toMatchObject({ code: 5 });
  });
});
