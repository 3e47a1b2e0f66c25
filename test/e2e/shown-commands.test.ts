import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { urlOfRole } from '../../sandbox/database-url.ts';
import { cacheFolder } from '../../sandbox/folders.ts';
import { cachedBinary } from '../../sandbox/temporal-binary.ts';
import { receiveMessage } from '../../src/orders/inbox.ts';
import { type Database, openDatabase } from '../../src/storage/database.ts';
import { testEnvironment } from '../support/environment.ts';
import { eventually } from '../support/eventually.ts';
import { TESTER } from '../support/organization.ts';
import { startReceiver, type TestReceiver } from '../support/receiver.ts';
import { withKeysOf } from '../support/sealed-rows.ts';
import { hasShape, type ShownCommand, shownCommands } from '../support/shown-commands.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

/*
 * Runs the commands of `rx` and `temporal` that the documentation shows, in a shell, on a stack that has the
 * orders they are about, and compares what they print with what is shown. A new command is either run here or
 * has a reason below.
 */

/** Commands that do not run here, with the reason. */
const NOT_RUN: readonly (readonly [RegExp, string])[] = [
  [/^npx rx listen /, 'runs until Ctrl-C; test/cli/listen.test.ts'],
  [
    /^npx rx pharmacy (add|check) my-pharmacy /,
    'test/cli/pharmacy-examples.test.ts runs this block',
  ],
  [
    /^rx keys rotate --all$/,
    'waits half a minute for other processes; test/cli/encryption.test.ts rotates one organization',
  ],
  [/^tcld /, 'needs Temporal Cloud'],
  [/^temporal operator search-attribute create /, 'the stack has them already'],
];
/** Reads of what the worker or Temporal shows a moment later. */
const READS = / (list|show|history|query|count|log) /;
const ORGANIZATION = '0198a000-0000-7000-8000-000000000001';

let test: TestStack;
let database: Database;
let receiver: TestReceiver | undefined;
let folder = '';
/** The ids that the documentation shows, and those that stand for them here. */
const ids = new Map<string, string>();

beforeAll(async () => {
  test = await startTestStack();
  database = openDatabase(test.stack.databaseUrl, 2, withKeysOf(test.stack.env['ENCRYPTION_KEYS']));
  folder = mkdtempSync(path.join(tmpdir(), 'rx-shown-'));
  mkdirSync(path.join(folder, 'bin'));
  mkdirSync(path.join(folder, 'test/replay/histories'), { recursive: true });
  const rx = `'${process.execPath}' '${path.join(inject('compiled'), 'src/cli.js')}'`;
  program('rx', `exec ${rx} "$@"`);
  program('npx', `shift\nexec ${rx} "$@"`);
  const cached = cachedBinary(cacheFolder(process.env));
  const temporal = [process.env['TEMPORAL_CLI'] ?? '', cached].find((file) => existsSync(file));
  if (temporal !== undefined) program('temporal', `exec '${temporal}' "$@"`);
  writeFileSync(path.join(folder, 'token.txt'), 'a-token-of-the-pharmacy-0123456789');
  writeFileSync(
    path.join(folder, 'secret.txt'),
    `whsec_${Buffer.alloc(32, 'random bytes').toString('base64')}`,
  );
  const patient = { firstName: 'Pat', lastName: 'Example' };
  writeFileSync(
    path.join(folder, 'cases.ndjson'),
    `${JSON.stringify({ id: crypto.randomUUID(), patient })}\n`,
  );
});
afterAll(async () => {
  await receiver?.close();
  await database?.end();
  await test?.close();
  rmSync(folder, { recursive: true, force: true });
});

function program(name: string, script: string): void {
  writeFileSync(path.join(folder, 'bin', name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

/** Runs a command with the ids of this stack; returns what it prints on stdout and stderr. */
async function run(command: string): Promise<string> {
  const { stack } = test;
  const own = [...ids].reduce((line, [shown, real]) => line.replaceAll(shown, real), command);
  const env = testEnvironment({
    ...stack.env,
    DATABASE_URL: urlOfRole(stack.databaseUrl, 'operator'),
    TEMPORAL_CODEC_ENDPOINT: stack.codecUrl,
    TEMPORAL_CODEC_AUTH: `Bearer ${stack.env['CODEC_SERVER_TOKEN']}`,
  });
  const child = spawn('/bin/sh', ['-c', `${own} 2>&1`], {
    cwd: folder,
    env: { ...env, PATH: `${path.join(folder, 'bin')}:${env.PATH}` },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [printed] = await Promise.all([text(child.stdout), once(child, 'close')]);
  // Where `rx` works on a database of DATABASE_URL; the pages show a sandbox.
  return printed.replace(/^using the database .*\n/m, '');
}

async function printsAsShown({ command, output }: ShownCommand): Promise<void> {
  const end = Date.now() + (READS.test(`${command} `) ? 15_000 : 0);
  for (;;) {
    const printed = await run(command);
    const asShown = output === undefined ? !/error/i.test(printed) : hasShape(printed, output);
    if (asShown) return;
    if (Date.now() > end) {
      expect.fail(
        `${command}\nprints\n${printed}\nand not\n${output?.join('\n') ?? 'without an error'}`,
      );
    }
  }
}

async function order(shown: string, pharmacyId: string, status: string): Promise<string> {
  const orderId = await test.place(pharmacyId);
  ids.set(shown, orderId);
  await eventually(
    `${pharmacyId}: ${status}`,
    async () => (await test.get(orderId)).status === status,
  );
  return orderId;
}

/** What a page needs before its first command, and before others. */
const PREPARED: Readonly<Record<string, readonly (readonly [RegExp, () => Promise<unknown>])[]>> = {
  'docs/webhooks.md': [
    [
      /webhook log/,
      async () => {
        receiver = await startReceiver();
        await run(`rx webhook create --org ${ORGANIZATION} --url ${receiver.url}`);
        await order('delivered', 'pharmacy-123', 'COMPLETED');
      },
    ],
  ],
  'docs/temporal-ui.md': [
    [
      /workflow query/,
      async () => {
        await order(
          '01a20a76-791e-7452-b4f0-fd76ce2fa89a',
          'pharmacy-nobody-knows',
          'NEEDS_ATTENTION',
        );
        await order(
          '01a20a76-7aa3-7153-9dd2-3f9185433dc3',
          'pharmacy-nobody-knows',
          'NEEDS_ATTENTION',
        );
      },
    ],
  ],
  'docs/runbooks/stuck-order.md': [
    [
      /order list --status/,
      async () => {
        // The orders of the page before this one are no longer of interest.
        for (const orderId of ids.values()) {
          await run(`rx order cancel ${orderId} --by anna --reason test`);
        }
        await order('01a219c6-fc33-735b-878e-38010afccebf', 'pharmacy-corrupt', 'NEEDS_ATTENTION');
        await order(
          '01a219c7-011d-7089-8d83-7177c3a10cd7',
          'pharmacy-nobody-knows',
          'NEEDS_ATTENTION',
        );
        const late = await order(
          '01a219c7-0bac-765c-8db9-01527b8087c5',
          'pharmacy-manual',
          'AWAITING_COMPLETION',
        );
        await run(`rx order cancel ${late} --by anna --reason test`);
        await eventually(
          'it is cancelled',
          async () => (await test.get(late)).status === 'CANCELLED',
        );
        await test.control(`orders/${late}/advance`, { to: 'completed', late: true });
        await eventually(
          'it is late',
          async () => (await test.get(late)).status === 'NEEDS_ATTENTION',
        );
      },
    ],
    [
      /order list --delayed/,
      async () => {
        await order('01a219c7-065e-7732-b384-b0047a9ccecb', 'pharmacy-down', 'PLACING');
        await eventually('an attempt has failed', async () => {
          const aged = await database`
            UPDATE orders SET delay_since = delay_since - interval '2 minutes'
            WHERE delay_since > now() - interval '1 minute'`;
          return aged.count === 1;
        });
      },
    ],
    [/order show 01a219c7-065e-7732-b384-b0047a9ccecb/, async () => undefined],
    // It is shown again, after its cancellation.
    [
      /order show 01a219c7-065e-7732-b384-b0047a9ccecb/,
      async () => {
        // Until then, an attempt to place the order could reach the pharmacy first.
        await eventually('the cancellation has interrupted the placing', async () => {
          const id = 'order-01a219c7-065e-7732-b384-b0047a9ccecb';
          return (await run(`temporal workflow describe --workflow-id ${id}`)).includes(
            'cancelOrder',
          );
        });
        await test.control('pharmacies/pharmacy-down', { up: true });
      },
    ],
    [
      /order history/,
      async () => {
        await test.control('pharmacies/pharmacy-down', { up: false });
        await order('01a219c8-19d1-7041-a5c1-2f0c6f6a1f3b', 'pharmacy-down', 'PLACING');
      },
    ],
    [
      /inbox list/,
      async () => {
        await order(
          '01a21124-2ab2-7717-9863-0fcc0cfa1ba7',
          'pharmacy-manual',
          'AWAITING_COMPLETION',
        );
        const message = { webhookId: 'early', type: 'completed', reference: 'RX-2211' } as const;
        await receiveMessage(database, 'pharmacy-manual', message, TESTER);
        const [row] = await database<{ id: string }[]>`
          SELECT id::text FROM inbox WHERE webhook_id = 'early'`;
        ids.set('inbox link 1 ', `inbox link ${row?.id} `);
      },
    ],
    [
      /--input '\{"by":"Anna Example"\}'/,
      () =>
        order('01a2110a-395b-772e-9778-f286f83dcb90', 'pharmacy-nobody-knows', 'NEEDS_ATTENTION'),
    ],
    [
      /workflow reset/,
      () => order('01a2110a-3933-73e3-a482-43d96e38d084', 'pharmacy-manual', 'AWAITING_COMPLETION'),
    ],
  ],
  'docs/workflow-versions.md': [
    [
      /workflow list/,
      async () => {
        ids.set(
          'order-…',
          `order-${await order('open', 'pharmacy-manual', 'AWAITING_COMPLETION')}`,
        );
        ids.delete('open');
      },
    ],
  ],
  'docs/operations.md': [
    [/case import/, async () => ids.set('01a20f83-2b3a-70b6-b67c-a370a026ae96', ORGANIZATION)],
  ],
};

const all = shownCommands();
const isRun = ({ command }: ShownCommand) => !NOT_RUN.some(([listed]) => listed.test(command));
/**
 * In this order: the log of webhooks shows the newest, which another page's orders must not send, and the next
 * two pages list all orders that need attention.
 */
const pages = [
  ...new Set([...Object.keys(PREPARED), ...all.filter(isRun).map(({ file }) => file)]),
];

it('finds the commands, and each reason is about one of them', () => {
  expect(all.length).toBeGreaterThan(25);
  for (const [listed] of NOT_RUN) {
    expect(
      all.filter(({ command }) => listed.test(command)),
      String(listed),
    ).not.toEqual([]);
  }
});

describe.each(pages)('%s', (file) => {
  const commands = all.filter((each) => each.file === file && isRun(each));
  const waiting = [...(PREPARED[file] ?? [])];
  it.each(commands.map((each) => [each.command, each] as const))('%s', async (_, shown) => {
    const next = waiting.findIndex(([before]) => before.test(shown.command));
    if (next !== -1) {
      const [prepared] = waiting.splice(next, 1);
      await prepared?.[1]();
    }
    await printsAsShown(shown);
  });
});
