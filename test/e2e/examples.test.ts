import { type ChildProcess, spawn } from 'node:child_process';
import { createHmac, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { PROJECT } from '../../sandbox/folders.ts';
import { freePorts } from '../../sandbox/ports.ts';
import { type Stack, startStack } from '../../sandbox/stack.ts';
import { eventually } from '../support/eventually.ts';

// Runs the examples as examples/README.md describes, each as its own process against one stack.

const TSX = ['--import', 'tsx'];
const KEY = { 'cv-api-key': 'YOUR_SECRET_KEY' };
const CASE = '/api/v1/cases/123e4567-e89b-12d3-a456-426614174000';
const OTHER_CASE = '223e4567-e89b-12d3-a456-426614174000';
const UUID = '[0-9a-f-]{36}';

let dataDir = '';
let env: NodeJS.ProcessEnv = {};
let stack: Stack;
const started: ChildProcess[] = [];

beforeAll(async () => {
  dataDir = mkdtempSync(path.join(tmpdir(), 'rx-examples-'));
  const ports = Object.entries(await freePorts()).map(([name, port]) => [name, String(port)]);
  env = { ...process.env, ...Object.fromEntries(ports), DATA_DIR: dataDir };
  stack = await startStack({
    dataDir,
    // No polling while the tests run: only a webhook can complete an order.
    env: { ...env, POLL_INITIAL_MS: '3600000' },
    ports: 'env',
    log: { write: () => true, isTTY: false },
    news: process.stderr,
  });
  const wrote = await run('sandbox-env.ts', [], TSX);
  expect(wrote).toMatchObject({ code: 0, said: '' });
});

afterEach(() => {
  for (const child of started.splice(0)) if (child.exitCode === null) child.kill('SIGKILL');
});

afterAll(async () => {
  await stack?.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

interface Ended {
  readonly code: number | null;
  readonly printed: string;
  /** On stderr. */
  readonly said: string;
}

function start(example: string, args: readonly string[], options: readonly string[]) {
  const child = spawn(process.execPath, [...options, `examples/${example}`, ...args], {
    cwd: PROJECT,
    env: { ...env, WEBHOOK_PORT: '0', WEBHOOK_SECRET: 'webhook-secret' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started.push(child);
  return child;
}

/** Runs an example until it exits. */
async function run(
  example: string,
  args: readonly string[],
  options: readonly string[] = [`--env-file=${path.join(dataDir, 'client.env')}`, ...TSX],
): Promise<Ended> {
  return await ending(start(example, args, options));
}

async function ending(child: ReturnType<typeof start>): Promise<Ended> {
  let [printed, said] = ['', ''];
  child.stdout.on('data', (chunk) => {
    printed += String(chunk);
  });
  child.stderr.on('data', (chunk) => {
    said += String(chunk);
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, printed, said };
}

const orderIn = (text: string) => new RegExp(UUID).exec(text)?.[0] ?? 'no order';

test('place-order places once, finds its order again, and explains each refusal', async () => {
  const args = ['--prescription', randomUUID().slice(0, 8), '--pharmacy', 'pharmacy-manual'];
  const first = await run('place-order.ts', args);
  expect(first).toMatchObject({ code: 0, said: '' });
  expect(first.printed).toMatch(new RegExp(`^placed order ${UUID} for prescription-`));

  const again = await run('place-order.ts', args);
  expect(again).toMatchObject({ code: 0, said: '' });
  expect(again.printed).toContain(`placed earlier as order ${orderIn(first.printed)} `);

  const different = await run('place-order.ts', [...args, '--pharmacy', 'pharmacy-slow']);
  expect(different).toMatchObject({ code: 1, printed: '' });
  expect(different.said).toMatch(/^prescription-\S+ was used for a different order/);

  const invalid = await run('place-order.ts', ['--prescription', 'ключ', '--pharmacy', '']);
  expect(invalid).toMatchObject({ code: 1, printed: '' });
  expect(invalid.said).toMatch(/^ {2}idempotencyKey: /m);
  expect(invalid.said).toMatch(/^ {2}order\.pharmacyId: pharmacyId is required$/m);

  const foreign = await run('place-order.ts', ['--case', OTHER_CASE, '--prescription', 'rx-2']);
  expect(foreign).toMatchObject({ code: 1, printed: '' });
  expect(foreign.said).toBe(
    `case ${OTHER_CASE} belongs to another organization; nothing was placed\n`,
  );
});

test('await-documents shows the documents, each end, and an order that has not ended', async () => {
  const completed = await run('await-documents.ts', []);
  expect(completed).toMatchObject({ code: 0, said: '' });
  const orderId = orderIn(completed.printed);
  expect(completed.printed).toContain('the order is COMPLETED; 2 documents:');
  expect(completed.printed).toContain(`${stack.temporalUiUrl}/namespaces/default/workflows/`);
  const [document] = /\/api\S+/.exec(completed.printed) ?? [];
  const answer = await fetch(`${stack.baseUrl}${document}`, { headers: KEY });
  expect(await answer.text()).toMatch(/^%PDF-/);

  const again = await run('await-documents.ts', [orderId]);
  expect(again).toEqual(completed);

  const rejected = await run('await-documents.ts', ['--pharmacy', 'pharmacy-rejects']);
  expect(rejected).toMatchObject({ code: 1, said: '' });
  expect(rejected.printed).toMatch(/^the order ended REJECTED: \S/m);

  const manual = ['--pharmacy', 'pharmacy-manual', '--timeout', '0.5'];
  const waiting = await run('await-documents.ts', manual);
  expect(waiting).toMatchObject({ code: 2, said: '' });
  expect(waiting.printed).toMatch(/^the order is (\w+); read it again later by its id$/m);

  const nobody = ['--pharmacy', 'pharmacy-nobody-knows', '--timeout', '0'];
  const placed = await run('await-documents.ts', nobody);
  const lost = orderIn(placed.printed);
  await eventually('it rests', async () => (await statusOf(lost)) === 'NEEDS_ATTENTION');
  const resting = await run('await-documents.ts', [lost, '--timeout', '0']);
  expect(resting).toMatchObject({ code: 2, said: '' });
  expect(resting.printed).toContain('the order waits for an operator');
});

test('webhook-handler completes an order of a silent pharmacy, and stops cleanly', async () => {
  const placed = await run('place-order.ts', [
    ...['--prescription', randomUUID().slice(0, 8)],
    ...['--pharmacy', 'pharmacy-silent'],
  ]);
  const orderId = orderIn(placed.printed);
  await eventually('the pharmacy has filled it', () => filled(orderId));
  await eventually('we wait', async () => (await statusOf(orderId)) === 'AWAITING_COMPLETION');

  const options = [`--env-file=${path.join(dataDir, 'client.env')}`, ...TSX];
  const handler = start('webhook-handler.ts', [], options);
  const ended = ending(handler);
  const [line] = (await once(createInterface({ input: handler.stdout }), 'line')) as [string];
  const url = line.replace('listening on ', '');

  const event = { event_id: 'evt-1', event_type: 'rx.filled', partner_reference: orderId };
  const send = async (body: string, signature = sign(body)) => {
    const headers = { 'x-pharmacy-signature': signature };
    return (await fetch(url, { method: 'POST', headers, body })).status;
  };
  const text = JSON.stringify(event);
  expect(await send(text, sign('something else'))).toBe(401);
  expect(await send(text, '')).toBe(401);
  expect(await send('{"event_id":')).toBe(400);
  expect(await send('x'.repeat(100_000))).toBe(413);
  expect(await send(JSON.stringify({ ...event, event_type: 'rx.printed' }))).toBe(204);
  expect(await send(JSON.stringify({ ...event, partner_reference: randomUUID() }))).toBe(404);
  const before = await run('await-documents.ts', [orderId, '--timeout', '0']);
  expect(before.printed).toContain('the order is AWAITING_COMPLETION');

  expect(await send(text)).toBe(204);
  expect(await send(text)).toBe(204);
  const after = await run('await-documents.ts', [orderId]);
  expect(after.printed).toContain('the order is COMPLETED; 2 documents:');

  handler.kill('SIGINT');
  const { code, printed, said } = await ended;
  expect({ code, said }).toEqual({ code: 0, said: '' });
  expect(printed).toMatch(/\nclosed\n$/);
});

test('http-client places once, saves the documents and explains each refusal', async () => {
  // The example creates the folder.
  const into = path.join(dataDir, 'saved/here');
  const args = ['--prescription', randomUUID().slice(0, 8), '--into', into];
  const first = await run('http-client.ts', args, TSX);
  expect(first).toMatchObject({ code: 0, said: '' });
  expect(first.printed).toMatch(new RegExp(`^placed order ${UUID}\n`));
  expect(first.printed).toMatch(/\n {2}COMPLETED\nsaved \S+, \d+ bytes\nsaved \S+, \d+ bytes\n$/);
  const saved = readdirSync(into);
  expect(saved).toHaveLength(2);
  for (const name of saved) expect(readFileSync(path.join(into, name), 'latin1')).toMatch(/^%PDF-/);

  const again = await run('http-client.ts', args, TSX);
  expect(again).toMatchObject({ code: 0, said: '' });
  expect(again.printed).toContain(`placed earlier as order ${orderIn(first.printed)}\n`);

  const different = await run('http-client.ts', [...args, '--pharmacy', 'pharmacy-slow'], TSX);
  expect(different).toMatchObject({ code: 1, printed: '' });
  expect(different.said).toMatch(/^IDEMPOTENCY_ERROR: /);

  const invalid = await run('http-client.ts', ['--pharmacy', '', '--prescription', 'x'], TSX);
  expect(invalid).toMatchObject({ code: 1, printed: '' });
  expect(invalid.said).toMatch(/^ {2}order\.pharmacyId: pharmacyId is required$/m);

  const foreign = await run('http-client.ts', ['--case', OTHER_CASE, '--prescription', 'y'], TSX);
  expect(foreign).toMatchObject({ code: 1, printed: '' });
  expect(foreign.said).toBe('PERMISSION_DENIED: permission denied\n');
});

test('http-client places nothing when it cannot save the documents', async () => {
  const into = path.join(dataDir, 'client.env', 'below-a-file');
  const prescription = randomUUID().slice(0, 8);
  const failed = await run('http-client.ts', ['--prescription', prescription, '--into', into], TSX);
  expect(failed).toMatchObject({ code: 1, printed: '' });
  expect(failed.said).toContain('ENOTDIR');

  const url = `${stack.baseUrl}/api/v1/orders/by-idempotency-key`;
  const headers = { ...KEY, 'idempotency-key': `prescription-${prescription}` };
  expect((await fetch(url, { headers })).status).toBe(404);
});

function sign(body: string): string {
  return createHmac('sha256', 'webhook-secret').update(body).digest('hex');
}

async function statusOf(orderId: string): Promise<string> {
  const answer = await fetch(`${stack.baseUrl}${CASE}/orders/${orderId}`, { headers: KEY });
  const { data } = (await answer.json()) as { data: { order: { status: string } } };
  return data.order.status;
}

async function filled(orderId: string): Promise<boolean> {
  const answer = await fetch(`${stack.simulatorUrl}/control/ledger`);
  const { orders } = (await answer.json()) as { orders: { reference: string; status: string }[] };
  return orders.some(({ reference, status }) => reference === orderId && status === 'completed');
}
