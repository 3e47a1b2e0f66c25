import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { urlOfRole } from '../../../sandbox/database-url.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { testEnvironment } from '../../support/environment.ts';
import { eventually } from '../../support/eventually.ts';
import { ENCRYPTION_KEYS, HASH_SECRET } from '../../support/organization.ts';
import { startTcpProxy } from '../../support/tcp-proxy.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.drop());

/** Starts a worker behind a proxy in front of Temporal. */
async function startBehindProxy() {
  const [host = '', port] = inject('temporal').address.split(':');
  const proxy = await startTcpProxy({ host, port: Number(port) });
  const worker = fork(path.join(inject('compiled'), 'src/worker.js'), [], {
    env: testEnvironment({
      DATABASE_URL: urlOfRole(db.url, 'worker'),
      TEMPORAL_ADDRESS: `127.0.0.1:${proxy.port}`,
      TEMPORAL_TASK_QUEUE: 'starting-worker',
      ENCRYPTION_KEYS,
      HASH_SECRET,
      LOG_FORMAT: 'json',
      DOCUMENTS_DIR: '/nowhere',
    }),
    silent: true,
  });
  const ended = once(worker, 'exit');
  let output = '';
  worker.stderr?.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  return {
    proxy,
    worker,
    ended,
    lines: () =>
      output
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as { msg: string; code?: string }),
    async close() {
      worker.kill('SIGKILL');
      await ended;
      await proxy.close();
    },
  };
}

it.each([
  ['the search attributes', 1],
  ['the worker of orders', 2],
])(
  'a worker waits for Temporal that stops before the start of %s',
  async (_, answered) => {
    const { proxy, worker, ended, lines, close } = await startBehindProxy();
    try {
      await Promise.race([proxy.refuseAfterRequests(answered), ended]);
      const waits = () => lines().filter(({ msg }) => msg.startsWith('waiting for Temporal'));
      await Promise.race([
        eventually('the worker says what it waits for', async () => waits().length > 0, 60_000),
        ended.then(() => {
          throw new Error(`the worker ended: ${JSON.stringify(lines())}`);
        }),
      ]);
      expect(waits()[0]?.code).toMatch(/^(ECONNREFUSED|ServiceError_14)$/);
      const ready = once(worker, 'message');
      await proxy.restore();
      await Promise.race([ready, ended]);
      expect(lines().at(-1)).toMatchObject({ msg: 'taking orders' });
    } finally {
      await close();
    }
  },
  90_000,
);
