import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { expect, inject, it } from 'vitest';
import { urlOfRole } from '../../../sandbox/database-url.ts';
import { createTestDatabase } from '../../support/database.ts';
import { testEnvironment } from '../../support/environment.ts';
import { eventually } from '../../support/eventually.ts';
import { ENCRYPTION_KEYS, HASH_SECRET } from '../../support/organization.ts';
import { startTcpProxy } from '../../support/tcp-proxy.ts';

it('a worker prints only lines of JSON, also what the core of the SDK says about an outage', async () => {
  const db = await createTestDatabase();
  const [host = '', port] = inject('temporal').address.split(':');
  const proxy = await startTcpProxy({ host, port: Number(port) });
  const worker = fork(path.join(inject('compiled'), 'src/worker.js'), [], {
    env: testEnvironment({
      DATABASE_URL: urlOfRole(db.url, 'worker'),
      TEMPORAL_ADDRESS: `127.0.0.1:${proxy.port}`,
      TEMPORAL_TASK_QUEUE: 'log-lines',
      ENCRYPTION_KEYS,
      HASH_SECRET,
      LOG_FORMAT: 'json',
      DOCUMENTS_DIR: '/nowhere',
    }),
    silent: true,
  });
  let output = '';
  for (const stream of [worker.stdout, worker.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  try {
    await Promise.race([once(worker, 'message'), once(worker, 'exit')]);
    await proxy.refuse();
    await eventually('the core reports that it cannot poll', async () =>
      /"msg":"gRPC|poll/i.test(output),
    );
  } finally {
    worker.kill('SIGKILL');
    await once(worker, 'exit');
    await proxy.close();
    await db.drop();
  }
  const lines = output.trimEnd().split('\n');
  expect(lines.filter((line) => !line.startsWith('{'))).toEqual([]);
  for (const line of lines) expect(JSON.parse(line)).toMatchObject({ part: 'worker' });
});
