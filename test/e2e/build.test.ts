import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { temporaryFolder } from '../../sandbox/folders.ts';
import { freePorts } from '../../sandbox/ports.ts';
import type { Environment } from '../../src/process/config.ts';
import { exampleText } from '../support/example.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

// What the container image runs: compiled JavaScript, without tsx.

let test: TestStack;
// Inside the project, where it finds the installed packages.
const dist = mkdtempSync(path.join(temporaryFolder(), 'rx-dist-'));

beforeAll(async () => {
  execFileSync('node_modules/.bin/tsc', ['-p', 'tsconfig.build.json', '--outDir', dist]);
  cpSync('src/storage/migrations', path.join(dist, 'src/storage/migrations'), { recursive: true });
  cpSync('src/http/docs', path.join(dist, 'src/http/docs'), { recursive: true });
  // The package as it is imported by its name, with its `dist` here.
  const manifest = readFileSync('package.json', 'utf8').replaceAll('./dist/', './');
  writeFileSync(path.join(dist, 'package.json'), manifest);
  test = await startTestStack();
});
afterAll(async () => {
  await test.close();
  rmSync(dist, { recursive: true, force: true });
});

const run = (program: string, env: Environment = {}, args: readonly string[] = []): ChildProcess =>
  fork(path.join(dist, 'src', program), args, {
    env: { ...test.stack.env, ...env },
    stdio: 'ignore',
  });

async function endOf(child: ChildProcess): Promise<unknown> {
  const [code] = (await once(child, 'exit')) as [number | null];
  return code;
}

it('migrates, and ends', async () => {
  expect(await endOf(run('migrate.js', { DATABASE_URL: test.stack.databaseUrl }))).toBe(0);
});

it('works as a worker until it is asked to stop', async () => {
  const worker = run('worker.js', { ...test.stack.workerEnv, TEMPORAL_TASK_QUEUE: 'compiled' });
  expect(await once(worker, 'message')).toContain('ready');
  worker.kill('SIGTERM');
  expect(await endOf(worker)).toBe(0);
});

it('serves the endpoint until it is asked to stop', async () => {
  const { PORT } = await freePorts();
  const server = run('server.js', { PORT: String(PORT) });
  expect(await once(server, 'message')).toContain('ready');
  const url = `http://127.0.0.1:${PORT}/api/v1/cases/123e4567-e89b-12d3-a456-426614174000`;
  const headers = { 'cv-api-key': 'YOUR_SECRET_KEY', 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: exampleText() });
  expect(response.status).toBe(200);
  const page = await fetch(`http://127.0.0.1:${PORT}/docs`);
  expect(await page.text()).toContain('docs/docs.js');
  server.kill('SIGTERM');
  expect(await endOf(server)).toBe(0);
});

it('exports the HTTP client, which needs nothing beside itself', () => {
  // In a folder without packages: an import of one would fail.
  const alone = mkdtempSync(path.join(tmpdir(), 'rx-http-client-'));
  try {
    for (const name of ['package.json', 'src/http-client.js', 'src/http-client']) {
      cpSync(path.join(dist, name), path.join(alone, name), { recursive: true });
    }
    const program = `
      const { createHttpClient, NetworkError } = await import('rx-orders/http');
      const client = createHttpClient({
        baseUrl: 'http://127.0.0.1:1', apiKey: 'key', retries: { maxAttempts: 1 } });
      const error = await client.getOrder('case', 'order').catch((error) => error);
      console.log(error instanceof NetworkError, error.code);`;
    const args = ['--input-type=module', '--eval', program];
    expect(execFileSync(process.execPath, args, { cwd: alone, encoding: 'utf8' })).toBe(
      'true NETWORK\n',
    );
  } finally {
    rmSync(alone, { recursive: true, force: true });
  }
});

it('exports the verification of webhooks, which needs nothing beside itself', () => {
  const alone = mkdtempSync(path.join(tmpdir(), 'rx-webhooks-'));
  try {
    for (const name of ['package.json', 'src/webhooks-verify.js', 'src/webhooks-verify']) {
      cpSync(path.join(dist, name), path.join(alone, name), { recursive: true });
    }
    const program = `
      const { verifyWebhook, WebhookVerificationError } = await import('rx-orders/webhooks');
      try { verifyWebhook('{}', {}, 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'); }
      catch (error) { console.log(error instanceof WebhookVerificationError, error.code); }`;
    const args = ['--input-type=module', '--eval', program];
    expect(execFileSync(process.execPath, args, { cwd: alone, encoding: 'utf8' })).toBe(
      'true missing_headers\n',
    );
  } finally {
    rmSync(alone, { recursive: true, force: true });
  }
});

it('exports the types of both clients and of webhooks', () => {
  writeFileSync(
    path.join(dist, 'consumer.ts'),
    `import { createHttpClient, type OrderView } from 'rx-orders/http';
     import type { OrderClient } from 'rx-orders';
     import { verifyWebhook, type WebhookEvent } from 'rx-orders/webhooks';
     export const event: WebhookEvent = verifyWebhook('', new Headers(), '');
     const client = createHttpClient({ baseUrl: 'http://127.0.0.1', apiKey: 'key' });
     export const read = (): Promise<OrderView> => client.getOrder('case', 'order');
     export const get = (other: OrderClient): Promise<OrderView> => other.get('order');
     // @ts-expect-error: an order has required fields
     export const place = () => client.placeOrder('case', {});
    `,
  );
  const options = [
    '--module',
    'nodenext',
    '--strict',
    '--noEmit',
    '--types',
    'node',
    '--ignoreConfig',
  ];
  const args = [...options, '--skipLibCheck', path.join(dist, 'consumer.ts')];
  execFileSync(path.resolve('node_modules/.bin/tsc'), args, { cwd: dist, encoding: 'utf8' });
});

it('serves operators on the command line, and without a database says so', async () => {
  expect(await endOf(run('cli.js', {}, ['org', 'list']))).toBe(0);
  const nowhere = { DATABASE_URL: '', DATA_DIR: path.join(dist, 'nowhere') };
  expect(await endOf(run('cli.js', nowhere, ['org', 'list']))).toBe(5);
});
